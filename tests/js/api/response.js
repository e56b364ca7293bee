import { equal, ok, rejects, test, throws } from "/guest/check.js";

const typeOf = (body) => new Response(body).headers.get("content-type");

test("each kind of body brings its Content-Type", () => {
  equal(typeOf("a"), "text/plain;charset=UTF-8");
  equal(typeOf(new URLSearchParams("a=1")), "application/x-www-form-urlencoded;charset=UTF-8");
  equal(typeOf(new Blob(["a"], { type: "Text/CSS" })), "text/css");
  equal(typeOf(new Blob(["a"])), null);
  equal(typeOf(new Uint8Array(2)), null);
  equal(typeOf(new ReadableStream()), null);
  ok(typeOf(new FormData()).startsWith("multipart/form-data; boundary=--"));
  equal(typeOf(null), null);
  equal(new Response("a", { headers: { "content-type": "x/y" } }).headers.get("content-type"), "x/y");
});

test("bodies of every kind are read as they are", async () => {
  const part = new Uint8Array([9, 1, 2, 3]).subarray(1);
  for (const body of [part, part.slice().buffer, new DataView(part.buffer, 1), new Blob([part])]) {
    equal(await new Response(body).bytes(), new Uint8Array([1, 2, 3]));
  }
  equal(await new Response(new URLSearchParams({ a: "b c" })).text(), "a=b+c");
  equal(await new Response(12).text(), "12");
  equal(await new Response().text(), "");
  equal(await new Response({ toString: () => "made" }).text(), "made");
});

test("a body is its own copy", async () => {
  const source = new Uint8Array([1]);
  const response = new Response(source);
  source[0] = 2;
  equal(await response.bytes(), new Uint8Array([1]));
});

test("a body can be read once", async () => {
  const response = new Response("a");
  equal(response.bodyUsed, false);
  equal(await response.text(), "a");
  equal(response.bodyUsed, true);
  await rejects(response.json(), "TypeError", "Cannot read json(): the body was read already");
  throws(() => response.clone(), "TypeError", "read already");
  equal((await response.body.getReader().read()).done, true);
});

test("a locked body cannot be read", async () => {
  const response = new Response("a");
  const reader = response.body.getReader();
  await rejects(response.text(), "TypeError", "is locked to a reader");
  equal(new TextDecoder().decode((await reader.read()).value), "a");
  equal(response.bodyUsed, true);
});

test("a clone has the same body, status and headers of its own", async () => {
  for (const body of ["text", new Blob(["text"]).stream()]) {
    const first = new Response(body, { status: 418, headers: { a: "1" } });
    const second = first.clone();
    second.headers.set("a", "2");
    equal([second.status, first.headers.get("a")], [418, "1"]);
    equal([await first.text(), await second.text()], ["text", "text"]);
  }
});

test("text drops a BOM and mends bad UTF-8; json fails by SyntaxError", async () => {
  equal(await new Response(new Uint8Array([0xef, 0xbb, 0xbf, 0x61, 0xff])).text(), "a\ufffd");
  equal(await new Response("\ufeff[1]").json(), [1]);
  await rejects(new Response("{").json(), "SyntaxError");
});

test("arrayBuffer gives exactly the body, and never another's bytes", async () => {
  const blob = new Blob(["abcdef"]).slice(1, 3);
  const buffer = await new Response(blob).arrayBuffer();
  equal([buffer.byteLength, buffer instanceof ArrayBuffer], [2, true]);
  new Uint8Array(buffer)[0] = 0;
  equal(await blob.text(), "bc");
  const first = new Response("xy");
  const second = first.clone();
  new Uint8Array(await first.arrayBuffer())[0] = 0;
  equal(await second.text(), "xy");
});

test("blob has the Content-Type's type", async () => {
  const response = new Response("a", { headers: { "content-type": 'Text/HTML; Charset="utf 8"' } });
  const blob = await response.blob();
  equal([blob.type, blob.size], ['text/html;charset="utf 8"', 1]);
});

test("status, statusText and null bodies are checked", () => {
  throws(() => new Response("", { status: 199 }), "RangeError", "200 to 599, not number 199");
  throws(() => new Response("", { status: 600 }), "RangeError", "600");
  throws(() => new Response("", { statusText: "a\nb" }), "TypeError", "control characters");
  throws(() => new Response("", { status: 204 }), "TypeError", "204 cannot have a body");
  equal(new Response(null, { status: 304 }).body, null);
  equal([new Response().ok, new Response(null, { status: 300 }).ok], [true, false]);
  const stream = new ReadableStream();
  stream.getReader();
  throws(() => new Response(stream), "TypeError", "locked");
});

test("Response.json, redirect and error", async () => {
  const json = Response.json({ a: [1] }, { status: 201, headers: { b: "2" } });
  equal([json.status, await json.text(), [...json.headers]],
    [201, '{"a":[1]}', [["b", "2"], ["content-type", "application/json"]]]);
  throws(() => Response.json(undefined), "TypeError", "undefined");
  throws(() => Response.json(1n), "TypeError");
  const redirect = Response.redirect("http://a/b c", 308);
  equal([redirect.status, redirect.headers.get("location")], [308, "http://a/b%20c"]);
  throws(() => redirect.headers.set("a", "1"), "TypeError", "cannot be changed");
  throws(() => Response.redirect("http://a", 200), "RangeError", "301, 302, 303, 307, 308");
  throws(() => Response.redirect("http://[", 302), "TypeError", "Invalid URL");
  const error = Response.error();
  equal([error.type, error.status, error.body], ["error", 0, null]);
});

test("methods refuse foreign objects", async () => {
  await rejects(Promise.resolve().then(() => Response.prototype.text.call({})), "TypeError");
});
