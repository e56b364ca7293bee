import { api, settle } from "/guest/api.js";
import { equal, ok, rejects, test } from "/guest/check.js";
import { host, logged } from "/guest/host.js";

const NOTHING = new Uint8Array(0);
const bytes = (text) => new TextEncoder().encode(text);
const text = ({ body }) => (typeof body === "string" ? body : new TextDecoder().decode(body));

// The head as bootstrap.js gets it, with its lines read.
const read = ({ head, body, rest }) => {
  const [first, ...lines] = head.split("\n").slice(0, -1);
  const headers = lines.map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon), line.slice(colon + 1)];
  });
  const answer = { status: Number(first.slice(0, 3)), reason: first.slice(4), headers, body };
  return rest ? { ...answer, rest } : answer;
};

// Takes a value that is no promise at once, as nexus/guest/js/structures/answering.py does.
const send = async (handler, { body = NOTHING, env, method = "GET", url = "http://host/path", headers = [] } = {}) => {
  const more = env ? JSON.stringify({ env }) : "";
  const sent = body.length > 0 ? [body] : [];
  const lines = headers.map(([name, value]) => `\n${name}:${value}`).join("") + "\n";
  const value = api.dispatch(handler, method, url, lines, more, `${host.now()}`, sent);
  const found = value instanceof Promise ? undefined : api.answerNow(value);
  return read(found ?? await new Promise((resolve, reject) => {
    api.answerLater(value, resolve, reject);
  }));
};

test("an object with fetch answers", async () => {
  const handler = { word: "hi", fetch() { return new Response(this.word, { status: 201, statusText: "Made" }); } };
  equal(await send(handler), {
    status: 201, reason: "Made", headers: [["content-type", "text/plain;charset=UTF-8"]],
    body: "hi",
  });
});

test("a string stays a string until somebody needs its bytes", async () => {
  const kinds = async (make) => typeof (await send(make)).body;
  equal(await kinds(() => new Response("é")), "string");
  equal(await kinds(() => new Response("é").clone()), "string");
  equal(await kinds(() => Response.json(["é"])), "string");
  const read = new Response("é");
  equal(await send(() => { read.body; return read; }), {
    status: 200, reason: "", headers: [["content-type", "text/plain;charset=UTF-8"]],
    body: bytes("é"),
  });
  equal((await send(() => new Response("\ud800").clone())).body, "\ufffd"); // else the host sees to it
  const used = new Response("é");
  await used.text();
  await rejects(send(() => used), "TypeError", "was read already");
  const sent = new Response("é");
  await send(() => sent);
  ok(sent.bodyUsed);
  await rejects(send(() => sent), "TypeError", "was read already");
});

test("a function answers; env comes second", async () => {
  equal(text(await send((_, env) => new Response(env.NAME), { env: { NAME: "Ann" } })), "Ann");
});

test("the request has the method, the URL in normal form, and headers that cannot change", async () => {
  const seen = await send(
    (request) => {
      let refused = "";
      try {
        request.headers.set("x-a", "2");
      } catch (error) {
        refused = error.name;
      }
      return Response.json([request.method, request.url, request.headers.get("X-A"), refused]);
    },
    { method: "PATCH", url: "http://Host:80/a/../b?q=é", headers: [["x-a", "1"], ["x-a", "3"]] },
  );
  equal(JSON.parse(text(seen)), ["PATCH", "http://host/b?q=%C3%A9", "1, 3", "TypeError"]);
});

test("headers are found before and after they are listed", async () => {
  const headers = [["x-a", "1"], ["x-ab", "2"], ["x-a", "a:b"], ["set-cookie", ""], ["x-b", "x-a:5"]];
  const names = ["X-A", "x-ab", "x-b", "Set-Cookie", "x-c", "a"];
  const seen = await send((request) => {
    const find = () => names.map((name) => request.headers.get(name));
    return Response.json([find(), [...request.headers], find()]);
  }, { headers });
  const found = ["1, a:b", "2", "x-a:5", "", null, null];
  const sorted = [["set-cookie", ""], ["x-a", "1, a:b"], ["x-ab", "2"], ["x-b", "x-a:5"]];
  equal(JSON.parse(text(seen)), [found, sorted, found]);
});

test("bodies go in and out byte for byte", async () => {
  const body = Uint8Array.from({ length: 256 }, (_, i) => i);
  const echoes = [
    async (request) => new Response(await request.arrayBuffer()),
    async (request) => new Response(await request.bytes()),
    async (request) => new Response(await request.blob()),
    (request) => new Response(request.body),
    (request) => new Response(request.clone().body),
  ];
  for (const echo of echoes) {
    equal((await send(echo, { method: "POST", body: body.slice() })).body, body, String(echo));
  }
});

test("a GET may come with a body; without bytes the body is null", async () => {
  equal(text(await send(async (request) => new Response(await request.text()), { body: bytes("x") })), "x");
  equal(text(await send((request) => new Response(`${request.body}`))), "null");
});

test("a Response's stream is read to its end", async () => {
  const answer = await send(() => new Response(new ReadableStream({
    async start(controller) {
      for (const part of ["a", "b", "c"]) {
        await new Promise((resolve) => { setTimeout(resolve, 10); });
        controller.enqueue(bytes(part));
      }
      controller.close();
    },
  })));
  equal([text(answer), answer.headers], ["abc", []]);
});

test("each set-cookie is a header of its own", async () => {
  const answer = await send(() => {
    const headers = new Headers({ "Set-Cookie": "a=1" });
    headers.append("set-cookie", "b=2");
    return new Response(null, { headers });
  });
  equal(answer.headers, [["set-cookie", "a=1"], ["set-cookie", "b=2"]]);
});

test("relative redirects go by the request's URL", async () => {
  const answer = await send(() => Response.redirect("../login?next=1", 303), { url: "http://host:81/a/b/c" });
  equal([answer.status, answer.headers], [303, [["location", "http://host:81/a/login?next=1"]]]);
});

test("the handler's own error comes out as it is", async () => {
  const error = new RangeError("mine");
  await rejects(send(() => { throw error; }), "RangeError", "mine");
  await rejects(send(async () => { throw error; }), "RangeError", "mine");
});

test("what is no Response is refused by name", async () => {
  await rejects(send(() => "text"), "TypeError", 'must give a Response, but gave "text"');
  await rejects(send(() => {}), "TypeError", "gave undefined");
  await rejects(send(() => ({ status: 200 })), "TypeError", "gave an object of class Object");
  await rejects(send(() => Response.error()), "TypeError", "Response.error()");
  await rejects(send({ get: () => {} }), "TypeError", "an object with a function fetch");
  await rejects(send(undefined), "TypeError", "but is undefined");
});

test("a Response whose body was read cannot be sent", async () => {
  const used = new Response("once");
  await used.text();
  await rejects(send(() => used), "TypeError", "the body was read already");
});

test("a stream that gives text instead of bytes breaks the answer", async () => {
  const stream = ReadableStream.from(["text"]);
  await rejects(send(() => new Response(stream)), "TypeError", 'but gave "text"');
});

test("what waitUntil waits for comes after the answer, and its errors go to the log", async () => {
  let done = false;
  const { rest } = await send((_request, _env, context) => {
    context.waitUntil(new Promise((resolve) => {
      setTimeout(() => { done = true; resolve(); }, 50);
    }));
    context.waitUntil(Promise.reject(new Error("late")));
    return new Response("now");
  });
  ok(!done);
  await rest();
  ok(done);
  equal(logged.length, 1);
  ok(logged[0][1].includes("late"));
});

test("performance.now begins at 0 with each request, in whole milliseconds", async () => {
  host.sleep(1000);
  const answer = await send(async () => {
    const begin = performance.now();
    await new Promise((resolve) => { setTimeout(resolve, 25); });
    return Response.json([begin, performance.now(), performance.timeOrigin + performance.now()]);
  });
  equal(JSON.parse(text(answer)), [0, 25, host.now()]);
});

test("Math.random is seeded anew for each request, and lies in [0, 1)", async () => {
  const draw = async () => text(await send(() => Response.json(Array.from({ length: 20 }, Math.random))));
  const [first, second] = [JSON.parse(await draw()), JSON.parse(await draw())];
  ok([...first, ...second].every((number) => number >= 0 && number < 1));
  equal(new Set([...first, ...second]).size, 40);
});

test("a promise that never settles has no timer to wait for", async () => {
  api.dispatch(() => new Promise(() => {}), "GET", "http://h/", "\n", "", "0", []);
  equal(api.nextTimer(), -1);
  api.runTimer(); // nothing to run: nothing happens
});

test("neither std, os nor the host can be reached", () => {
  equal(["std", "os", "bjson", "host", "define"].filter((name) => name in globalThis), []);
});

test("the API's names are not enumerable on the global object", () => {
  const names = ["self", "Request", "Response", "URL", "console", "crypto", "fetch", "setTimeout"];
  equal(names.filter((name) => !(name in globalThis)), []);
  equal(names.filter((name) => Object.keys(globalThis).includes(name)), []);
});
