// fetch, with a host that records what it is asked for, and ends requests when a test says so.

import { api } from "/guest/api.js";
import { equal, ok, rejects, test } from "/guest/check.js";
import { host } from "/guest/host.js";

const encode = (value) => new TextEncoder().encode(value);
const decode = (bytes) => new TextDecoder().decode(bytes);

let started; // {head, body}: the last request
let cancelled = [];
let lastNumber = 0;

host.fetch = (message) => {
  const end = message.indexOf(10);
  started = { head: JSON.parse(decode(message.subarray(0, end))), body: decode(message.subarray(end + 1)) };
  const { hostname } = new URL(started.head.url);
  if (hostname === "denied.test") return { status: -2, bytes: encode('"not granted"') };
  if (hostname === "odd.test") return { status: -3, bytes: encode('"odd"') };
  lastNumber += 1;
  return { status: 0, bytes: encode(String(lastNumber)) };
};
host.call = (message) => {
  const [name, number] = JSON.parse(decode(message));
  equal(name, "http_cancel");
  cancelled.push(number);
  return { status: 0, bytes: encode("null") };
};

const later = async () => {
  for (let i = 0; i < 10; i += 1) await undefined;
};

const succeed = (number, fields, body = "") =>
  api.fetched(JSON.stringify({
    number, url: "https://a.test/", status: 200, reason: "OK", headers: [], redirected: false, ...fields,
  }), encode(body));

test("the host gets method, URL, headers, redirect mode and body", async () => {
  fetch("https://A.test/x?y#z", {
    method: "post", headers: { "X-A": "1" }, body: "text", redirect: "manual",
  });
  await later();
  equal(started, {
    head: {
      method: "POST", url: "https://a.test/x?y#z",
      headers: [["x-a", "1"], ["content-type", "text/plain;charset=UTF-8"]], redirect: "manual",
      stream: true,
    },
    body: "text",
  });
});

test("a request without a body starts at once", () => {
  fetch(new Request("https://a.test/now"));
  equal(started.head.url, "https://a.test/now");
});

test("a URL that looks normal is normal", async () => {
  const hosts = ["a.test", "a.test:80", "a.test:443", "a.test:99", "a.test:065", "a.test:59999",
    "a.test:65535", "a.test.", "A.test", "a-.test", "a_b.test", "xn--mnchen-3ya.test", "1.2.3.4",
    "1.2.3", "1.2.3.4.", "1.2.3.256", "01.2.3.4", "1.2.3.4.test", "a.1test", "a.test:"];
  const paths = ["", "/", "/a/b", "/a//b/", "/./a", "/a/../b", "/a/..", "/a/%2e%2E/b", "/a/.%2e/b",
    "/a.b/c..d/...e", "/.well-known/x", "/a'b", "/a b", "/a%2fb", "/a|b", "/a\\b", "/é", "?a=b",
    "/?a=b&c=%20/../?", "/?'", "/?a#b", "/#", "/a\tb"];
  for (const scheme of ["http", "https", "HTTP"]) {
    for (const host of hosts) {
      for (const path of paths) {
        const text = `${scheme}://${host}${path}`;
        equal(URL.canParse(text) && new Request(text).url, URL.canParse(text) && new URL(text).href);
      }
    }
  }
  for (const text of ["http://a.test:65536/", "http://1.2.3.256/", "http://a.1/", "http://xn--/"]) {
    await rejects((async () => new Request(text))(), "TypeError", "Invalid URL");
  }
});

test("options that are not given are the default, or those of the Request given", () => {
  const { mode, redirect, referrer, integrity, keepalive } = new Request("https://a.test/", {});
  equal([mode, redirect, referrer, integrity, keepalive], ["cors", "follow", "about:client", "", false]);
  const one = new Request("https://a.test/", { redirect: "error", cache: "no-store", keepalive: true });
  const other = new Request(one, { cache: "reload", keepalive: null });
  equal([other.redirect, other.cache, other.keepalive], ["error", "reload", true]);
  equal([one.cache, new Request(one, { keepalive: false }).keepalive], ["no-store", false]);
});

test("the answer becomes a Response", async () => {
  const answer = fetch("https://a.test/");
  succeed(lastNumber, {
    url: "https://b.test/", status: 404, reason: "None", redirected: true,
    headers: [["x-a", "1"], ["set-cookie", "a"], ["set-cookie", "b"]],
  }, '{"a":1}');
  const response = await answer;
  const { status, statusText, ok: isOk, url, redirected, type } = response;
  equal([status, statusText, isOk, url, redirected, type],
    [404, "None", false, "https://b.test/", true, "basic"]);
  equal([response.headers.get("x-a"), response.headers.getSetCookie()], ["1", ["a", "b"]]);
  await rejects((async () => response.headers.set("x", "1"))(), "TypeError", "cannot be changed");
  const copy = response.clone();
  equal([copy.url, copy.redirected, await copy.json(), await response.json()],
    ["https://b.test/", true, { a: 1 }, { a: 1 }]);
  equal([new Response("").url, new Response("").redirected], ["", false]);
});

test("an answer without a body has none", async () => {
  const answer = fetch("https://a.test/");
  succeed(lastNumber, { status: 204 });
  equal((await answer).body, null);
});

test("answers come in any order", async () => {
  const order = [];
  const one = fetch("https://a.test/").then(() => order.push("one"));
  const two = fetch("https://a.test/").then(() => order.push("two"));
  succeed(lastNumber, {});
  await later();
  succeed(lastNumber - 1, {});
  await Promise.all([one, two]);
  equal(order, ["two", "one"]);
});

for (const [kind, name, message] of [
  ["failed", "TypeError", "fetch failed: why"], ["too_large", "TypeError", "fetch failed: why"],
  ["timeout", "TimeoutError", "why"], ["denied", "PermissionDenied", "why"],
]) {
  test(`a failure of kind ${kind} rejects with ${name}`, async () => {
    const answer = fetch("https://a.test/");
    const head = JSON.stringify({ number: lastNumber, kind, message: "why" });
    api.fetched(head, new Uint8Array(0));
    await rejects(answer, name, message);
  });
}

test("what the host refuses rejects", async () => {
  await rejects(fetch("https://denied.test/"), "PermissionDenied", "not granted");
  await rejects(fetch("https://odd.test/"), "TypeError", "odd");
  await rejects(fetch("http://["), "TypeError", "Invalid URL");
  await rejects(fetch("https://u:p@a.test/"), "TypeError", "user or a password");
});

test("an abort cancels the request", async () => {
  const controller = new AbortController();
  const answer = fetch("https://a.test/", { signal: controller.signal });
  controller.abort();
  await rejects(answer, "AbortError");
  equal(cancelled, [lastNumber]);
});

test("an abort after the answer changes nothing", async () => {
  cancelled = [];
  const controller = new AbortController();
  const answer = fetch("https://a.test/", { signal: controller.signal });
  succeed(lastNumber, {}, "text");
  controller.abort();
  equal([await (await answer).text(), cancelled], ["text", []]);
});

test("an aborted signal starts nothing", async () => {
  started = undefined;
  await rejects(fetch("https://a.test/", { signal: AbortSignal.abort() }), "AbortError");
  equal(started, undefined);
});

test("a body can be sent once", async () => {
  const request = new Request("https://a.test/", { method: "POST", body: "x" });
  fetch(request);
  await later();
  ok(started.body === "x");
  await rejects(fetch(request), "TypeError", "read already");
});
