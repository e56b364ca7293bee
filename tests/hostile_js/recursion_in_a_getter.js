// STACK_LIMIT
const o = { get x() { return this.x; } };
export default () => o.x;
