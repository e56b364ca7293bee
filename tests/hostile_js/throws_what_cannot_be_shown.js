// EXECUTION_ERROR
export default () => { throw { get stack() { throw 1; }, toString() { throw 2; } }; };
