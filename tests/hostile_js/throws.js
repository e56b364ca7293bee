// EXECUTION_ERROR
export default () => { throw new TypeError("boom"); };
