export default { fetch: (request) => {
  if (request.url.endsWith("/bad")) throw new Error("on purpose");
  console.log("greeting somebody");
  return new Response("hello\n");
} };
