// TIMEOUT
export default () => new Promise(() => { setInterval(() => {}, 1); });
