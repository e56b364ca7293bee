// STACK_LIMIT
const f = () => f() + 1;
export default () => f();
