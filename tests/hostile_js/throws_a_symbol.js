// EXECUTION_ERROR
export default () => { throw Symbol("s"); };
