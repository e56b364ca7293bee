// EXECUTION_ERROR
export default () => 7;
