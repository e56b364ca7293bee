// EXECUTION_ERROR
export default () => { throw undefined; };
