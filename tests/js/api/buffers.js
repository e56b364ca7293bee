// One buffer, one owner: what somebody writes to the bytes he got nobody else sees.

import { equal, ok, rejects, test, throws } from "/guest/check.js";

const streamOf = (...chunks) => new ReadableStream({
  start(controller) {
    for (const chunk of chunks) controller.enqueue(chunk);
    controller.close();
  },
});

const post = (body) => new Request("http://a", { method: "POST", body, duplex: "half" });
const abc = () => new Uint8Array([1, 2, 3]);
const fresh = [1, 2, 3];

const BODIES = {
  "a Response of bytes": () => new Response(abc()),
  "a Response of a stream": () => new Response(streamOf(abc())),
  "a Response of a stream of bytes": () =>
    new Response(new ReadableStream({
      type: "bytes",
      start(controller) { controller.enqueue(abc()); controller.close(); },
    })),
  "a Response of a Blob": () => new Response(new Blob([abc()])),
  "a Response of text": () => new Response("\x01\x02\x03"),
  "a Response with its body asked for": () => { const r = new Response(abc()); ok(r.body); return r; },
  "a Request of bytes": () => post(abc()),
  "a Request of a stream": () => post(streamOf(abc())),
  "a Request of a Request": () => new Request(post(abc())),
  "a clone": () => new Response(streamOf(abc())).clone(),
};

// Reads in a way that lets the reader write to what he got.
const READERS = {
  bytes: async (body) => (await body.bytes()).fill(9),
  arrayBuffer: async (body) => new Uint8Array(await body.arrayBuffer()).fill(9),
  transfer: async (body) => void (await body.arrayBuffer()).transfer(),
  reader: async (body) => (await body.body.getReader().read()).value.fill(9),
  loop: async (body) => { for await (const chunk of body.body) chunk.fill(9); },
  blob: async (body) => (await (await body.blob()).bytes()).fill(9),
};

for (const [what, make] of Object.entries(BODIES)) {
  for (const [how, read] of Object.entries(READERS)) {
    test(`${what}, cloned and read by ${how}`, async () => {
      const first = make(), second = first.clone(), third = second.clone();
      await read(first);
      equal(await second.bytes(), abc(), "the clone");
      equal(await third.bytes(), abc(), "the clone's clone");
      const other = make(), copy = other.clone();
      await read(copy);
      equal(await other.bytes(), abc(), "the original");
    });
  }
}

test("what a body was made of stays its giver's", async () => {
  const given = abc(), chunk = abc(), blob = new Blob([given]);
  const made = [new Response(given), new Response(given.buffer), new Response(blob)];
  given.fill(9);
  for (const response of made) equal([...await response.bytes()], fresh);
  const read = await new Response(streamOf(chunk)).bytes();
  ok(read.buffer !== chunk.buffer);
  for (const how of Object.values(READERS)) await how(new Response(blob));
  equal([...await blob.bytes()], fresh);
  const part = await new Response(streamOf(new Uint8Array([9, 1, 2, 9]).subarray(1, 3))).arrayBuffer();
  equal(part, new Uint8Array([1, 2]));
});

test("a subclass of Uint8Array has no say in what a body gives", async () => {
  class Odd extends Uint8Array { static get [Symbol.species]() { throw new Error("asked"); } }
  const chunk = new Odd([1, 2, 3]);
  const read = await new Response(streamOf(chunk)).bytes();
  equal([Object.getPrototypeOf(read) === Uint8Array.prototype, ...read], [true, ...fresh]);
});

test("a stream of bytes takes its chunks over", async () => {
  const chunk = new Uint8Array([9, 1, 2, 3]).subarray(1), views = [];
  let controller;
  const stream = new ReadableStream({ type: "bytes", start(one) { controller = one; } });
  controller.enqueue(chunk);
  equal([chunk.length, chunk.buffer.detached], [0, true]);
  throws(() => controller.enqueue(chunk), "TypeError");
  throws(() => controller.enqueue(new Uint8Array(new SharedArrayBuffer(2))), "TypeError", "transferred");
  controller.enqueue(new DataView(new Uint8Array([4, 5]).buffer, 1));
  controller.close();
  for await (const view of stream) views.push([...view]);
  equal(views, [fresh, [5]]);
});

test("the branches of a tee share chunks, but for a stream of bytes", async () => {
  const chunks = async (stream) => (await Array.fromAsync(stream))[0];
  const [a, b] = streamOf(abc()).tee();
  equal(await chunks(a) === await chunks(b), true);
  const bytes = new ReadableStream({
    type: "bytes", start(one) { one.enqueue(abc()); one.close(); },
  });
  const [c, d] = bytes.tee();
  (await chunks(c)).fill(9);
  equal([...await chunks(d)], fresh);
});

test("a chunk that cannot be cloned breaks both bodies and ends the source", async () => {
  let reason;
  const stream = new ReadableStream({
    start(controller) { controller.enqueue(() => 1); },
    cancel(error) { reason = error; },
  });
  const response = new Response(stream), copy = response.clone();
  await rejects(response.bytes(), "DataCloneError");
  await rejects(copy.bytes(), "DataCloneError");
  equal(reason.name, "DataCloneError");
});

test("decoders keep no view of what they were given", () => {
  const decoder = new TextDecoder(), bytes = new Uint8Array([0xc3]);
  equal(decoder.decode(bytes, { stream: true }), "");
  bytes.fill(0x41);
  equal(decoder.decode(new Uint8Array([0xa9])), "é");
});
