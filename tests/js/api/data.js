// The web platform tests go deep into these; this holds without them.

import { equal, ok, rejects, test, throws } from "/guest/check.js";

test("URLs are parsed against a base, changed and written", () => {
  const url = new URL("../b c?q=1&q=2#é", "HTTPS://User:p@Host:443/x/y/z");
  equal(url.href, "https://User:p@host/x/b%20c?q=1&q=2#%C3%A9");
  equal([url.origin, url.host, url.pathname, url.search, url.hash],
    ["https://host", "host", "/x/b%20c", "?q=1&q=2", "#%C3%A9"]);
  url.port = "8080";
  url.searchParams.append("r", "a b");
  equal(url.href, "https://User:p@host:8080/x/b%20c?q=1&q=2&r=a+b#%C3%A9");
  url.search = "?z=1";
  equal(url.searchParams.get("z"), "1");
  throws(() => new URL("/x"), "TypeError", 'Invalid URL: "/x"');
  equal([URL.canParse("http://["), URL.parse("/x"), URL.parse("a", "b:/").href], [false, null, "b:/a"]);
});

test("hosts become IPv4, IPv6 or punycode", () => {
  const hosts = { "0x7f.1": "127.0.0.1", "[1:0:0::2]": "[1::2]", "Bücher.example": "xn--bcher-kva.example", "%41.com": "a.com" };
  for (const [given, wanted] of Object.entries(hosts)) equal(new URL(`http://${given}/`).host, wanted);
  for (const wrong of ["1.2.3.256", "[::1", "a b", "xn--a", "%00"]) equal(URL.canParse(`http://${wrong}/`), false, wrong);
});

test("a URL that was just written is parsed to a record of its own", () => {
  const { url } = new Request("http://a/b?c");
  const first = new URL(url);
  first.pathname = "/changed";
  equal(new URL(url).pathname, "/b");
});

test("TextEncoder and TextDecoder", () => {
  const bytes = new TextEncoder().encode("aé€😀\ud800");
  equal(bytes, Uint8Array.fromHex("61c3a9e282acf09f9880efbfbd"));
  equal(new TextDecoder().decode(bytes), "aé€😀\ufffd");
  throws(() => new TextDecoder("utf-8", { fatal: true }).decode(new Uint8Array([0xff])), "TypeError", "not valid UTF-8");
  throws(() => new TextDecoder("klingon"), "RangeError", "no decoder for \"klingon\"");
  const decoder = new TextDecoder();
  equal(Array.from(bytes, (byte) => decoder.decode(new Uint8Array([byte]), { stream: true })).join(""), "aé€😀\ufffd");
  equal(new TextDecoder("latin1").decode(new Uint8Array([0x80, 0xe9])), "€é");
  equal(new TextDecoder("utf-16").decode(new Uint8Array([0x61, 0, 0x3d, 0xd8])), "a\ufffd");
});

test("large texts come through whole", () => {
  const text = "aé€😀".repeat(50_000);
  ok(new TextDecoder().decode(new TextEncoder().encode(text)) === text);
});

test("atob and btoa", () => {
  equal([btoa("\x00\xff"), atob(" AP 8=")], ["AP8=", "\x00\xff"]);
  throws(() => btoa("€"), "InvalidCharacterError");
  throws(() => atob("$"), "InvalidCharacterError");
});

test("structuredClone keeps kinds, cycles and shared parts", () => {
  const shared = { x: 1 };
  const source = {
    map: new Map([[shared, new Set([1])]]), date: new Date(5), regexp: /a/gi, shared,
    view: new Uint8Array([1, 2, 3]).subarray(1), error: new RangeError("why", { cause: shared }),
  };
  source.self = source;
  const copy = structuredClone(source);
  ok(copy !== source && copy.self === copy && copy.shared !== shared);
  equal([copy.map.has(copy.shared), copy.date.getTime(), String(copy.regexp), copy.view], [true, 5, "/a/gi", new Uint8Array([2, 3])]);
  equal([copy.error instanceof RangeError, copy.error.message, copy.error.cause === copy.shared], [true, "why", true]);
  for (const wrong of [() => {}, Symbol("s"), { f() {} }, new Response(), Promise.resolve(), new WeakMap()]) {
    throws(() => structuredClone(wrong), "DataCloneError", "could not be cloned");
  }
});

test("structuredClone transfers buffers", () => {
  const buffer = new ArrayBuffer(3);
  equal([structuredClone(buffer, { transfer: [buffer] }).byteLength, buffer.detached], [3, true]);
  throws(() => structuredClone(1, { transfer: [{}] }), "DataCloneError", "Only ArrayBuffers");
});

test("Blobs and Files", async () => {
  const blob = new Blob(["a", new Uint8Array([98]), new Blob(["c\r\n"])], { type: "T/X", endings: "native" });
  equal([blob.size, blob.type, await blob.text(), await blob.slice(1, -2).text()], [5, "t/x", "abc\r\n", "bc"]);
  const file = new File(["x"], "n", { lastModified: 7 });
  equal([file.name, file.lastModified, file instanceof Blob], ["n", 7, true]);
  throws(() => new Blob("text"), "TypeError", "come in an array");
});

test("streams: pull, cancel, tee, for await", async () => {
  let next = 0;
  const source = () => new ReadableStream({ pull(c) { next < 3 ? c.enqueue(next++) : c.close(); } });
  const seen = [];
  for await (const chunk of source()) seen.push(chunk);
  equal(seen, [0, 1, 2]);
  const [a, b] = ReadableStream.from([1, 2]).tee();
  equal([(await a.getReader().read()).value, (await b.getReader().read()).value], [1, 1]);
  let reason;
  const stream = new ReadableStream({ cancel(why) { reason = why; } });
  await stream.cancel("enough");
  equal(reason, "enough");
  const broken = new ReadableStream({ start(c) { c.error(new RangeError("broken")); } });
  await rejects(new Response(broken).text(), "RangeError", "broken");
  throws(() => source().getReader({ mode: "byob" }), "TypeError", 'type "bytes"');
});

test("events: once, handleEvent, errors, custom detail", () => {
  const target = new EventTarget();
  const seen = [];
  target.addEventListener("a", { handleEvent: (event) => seen.push(event.detail) }, { once: true });
  target.addEventListener("a", () => { throw new Error("to the log"); });
  target.addEventListener("a", (event) => event.preventDefault());
  equal(target.dispatchEvent(new CustomEvent("a", { detail: 1, cancelable: true })), false);
  equal(target.dispatchEvent(new CustomEvent("a", { detail: 2 })), true);
  equal(seen, [1]);
});
