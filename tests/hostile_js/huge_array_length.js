// EXECUTION_ERROR
export default () => new Array(-1);
