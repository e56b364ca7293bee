// EXECUTION_ERROR
export default () => new Response("x".repeat(2 ** 30));
