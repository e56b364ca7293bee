export default { fetch: () => new Response("Hello from WebAssembly.\n") };
