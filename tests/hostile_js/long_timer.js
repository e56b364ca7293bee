// TIMEOUT
export default () => new Promise((resolve) => { setTimeout(resolve, 1e9); });
