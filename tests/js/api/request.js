import { equal, ok, rejects, test, throws } from "/guest/check.js";

test("a Request has what it was given, and the standard's defaults", async () => {
  const request = new Request("http://Host/a b#c", { method: "post", body: "x", headers: { a: "1" } });
  equal([request.method, request.url, await request.text()], ["POST", "http://host/a%20b#c", "x"]);
  equal([...request.headers], [["a", "1"], ["content-type", "text/plain;charset=UTF-8"]]);
  const plain = new Request(new URL("http://host/"));
  equal([plain.method, plain.body, plain.mode, plain.credentials, plain.cache, plain.redirect,
    plain.referrer, plain.referrerPolicy, plain.integrity, plain.keepalive, plain.duplex],
  ["GET", null, "cors", "same-origin", "default", "follow", "about:client", "", "", false, "half"]);
});

test("methods are checked; six of them become upper case", () => {
  equal(new Request("http://a", { method: "patch" }).method, "patch");
  equal(new Request("http://a", { method: "delete" }).method, "DELETE");
  throws(() => new Request("http://a", { method: "a b" }), "TypeError", "HTTP token");
  throws(() => new Request("http://a", { method: "Trace" }), "TypeError", "may not have the method");
  throws(() => new Request("http://a", { body: "x" }), "TypeError", "GET cannot have a body");
  throws(() => new Request("http://a", { mode: "odd" }), "TypeError", '"cors", "navigate"');
});

test("URLs must be absolute and without a user", () => {
  throws(() => new Request("http://u:p@a/"), "TypeError", "user or a password");
  throws(() => new Request("http://["), "TypeError", "Invalid URL");
  throws(() => new Request(), "TypeError", "needs 1 argument");
});

test("a Request of a Request takes its body along", async () => {
  const first = new Request("http://a", { method: "POST", body: "x", headers: { a: "1" } });
  const second = new Request(first, { headers: { b: "2" } });
  equal([first.bodyUsed, second.method, second.headers.get("a"), second.headers.get("b")],
    [true, "POST", null, "2"]);
  equal(await second.text(), "x");
  await rejects(first.text(), "TypeError", "read already");
  throws(() => new Request(first), "TypeError", "read already");
  equal(await new Request(first, { body: "y" }).text(), "y");
});

test("a clone can be read beside the original", async () => {
  const request = new Request("http://a", { method: "PUT", body: new Blob(["x"]) });
  const clone = request.clone();
  equal([await request.text(), await clone.text(), clone.method], ["x", "x", "PUT"]);
  throws(() => request.clone(), "TypeError", "read already");
});

test("a stream as body needs duplex, and is read once", async () => {
  const stream = () => ReadableStream.from([new Uint8Array([104, 105])]);
  throws(() => new Request("http://a", { method: "POST", body: stream() }), "TypeError", 'duplex: "half"');
  const request = new Request("http://a", { method: "POST", body: stream(), duplex: "half" });
  equal(request.headers.get("content-type"), null);
  equal(await request.text(), "hi");
  equal(request.bodyUsed, true);
});

test("a Request's signal follows the one it was given", () => {
  const controller = new AbortController();
  const request = new Request("http://a", { signal: controller.signal });
  ok(request.signal !== controller.signal);
  const clone = request.clone();
  controller.abort("why");
  equal([request.signal.aborted, request.signal.reason, clone.signal.reason], [true, "why", "why"]);
  equal(new Request("http://a").signal.aborted, false);
  throws(() => new Request("http://a", { signal: {} }), "TypeError", "must be an AbortSignal");
});
