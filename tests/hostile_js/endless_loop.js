// TIMEOUT
export default () => { while (true) {} };
