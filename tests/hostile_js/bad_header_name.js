// EXECUTION_ERROR
export default () => new Response("", { headers: { "a b": "c" } });
