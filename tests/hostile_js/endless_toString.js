// TIMEOUT
export default () => { throw { get stack() { for (;;); } }; };
