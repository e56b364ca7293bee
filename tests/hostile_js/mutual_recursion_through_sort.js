// STACK_LIMIT
const f = () => [2, 1].sort(() => f());
export default () => f();
