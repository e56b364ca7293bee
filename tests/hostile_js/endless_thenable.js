// TIMEOUT
export default () => ({ then(resolve) { resolve(this); } });
