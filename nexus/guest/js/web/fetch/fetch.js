// fetch is there, so that code which looks for it loads; it has no network to use.

define("fetch", async function fetch(input, init = undefined) {
  need(arguments, 1, "fetch");
  const request = new Request(input, init);
  throw new TypeError(
    `fetch cannot reach ${request.url}: handlers run in a sandbox without a network`,
  );
});
