// EXECUTION_ERROR
export default () => new Promise(() => {});
