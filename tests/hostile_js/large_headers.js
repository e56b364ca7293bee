// INVALID_RESPONSE
export default () => new Response("", { headers: { a: "x".repeat(1e5) } });
