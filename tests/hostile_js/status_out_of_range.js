// EXECUTION_ERROR
export default () => new Response("", { status: 99 });
