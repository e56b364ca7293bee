// node:stream: what a stream is made of, and made to: iterators, web streams.

import { Duplex, PassThrough } from "node:nexus/duplex";
import { finished } from "node:nexus/finished";
import { Readable } from "node:nexus/readable";
import { coded, isNode } from "node:nexus/states";
import { Writable } from "node:nexus/writable";

async function* chunksOf(stream, destroys) {
  let wake, ended = false, failure;
  const signal = () => { wake?.(); wake = undefined; };
  stream.on("readable", signal);
  const stop = finished(stream, { writable: false }, (error) => {
    ended = true;
    failure = error;
    signal();
  });
  try {
    for (;;) {
      const chunk = stream.destroyed ? null : stream.read();
      if (chunk !== null) yield chunk;
      else if (failure) throw failure;
      else if (ended) return;
      else await new Promise((resolve) => { wake = resolve; });
    }
  } finally {
    stream.removeListener("readable", signal);
    stop();
    if (destroys && !ended) stream.destroy();
  }
}

Readable.prototype[Symbol.asyncIterator] = function () {
  return chunksOf(this, true);
};
Readable.prototype.iterator = function (options) {
  return chunksOf(this, options?.destroyOnReturn !== false);
};
Readable.prototype.toArray = async function () {
  const found = [];
  for await (const chunk of this) found.push(chunk);
  return found;
};

Readable.from = (source, options) => {
  if (typeof source === "string" || ArrayBuffer.isView(source)) {
    return new Readable({ objectMode: true, ...options, read() { this.push(source); this.push(null); } });
  }
  const make = source?.[Symbol.asyncIterator] ?? source?.[Symbol.iterator];
  if (typeof make !== "function") {
    throw coded(TypeError, "ERR_INVALID_ARG_TYPE", 'The "iterable" argument must be an instance of Iterable.');
  }
  const iterator = make.call(source);
  let reads = false;
  const next = async (stream) => {
    reads = true;
    try {
      for (;;) {
        const { value, done } = await iterator.next();
        if (done) {
          stream.push(null);
          return;
        }
        if (!stream.push(await value)) break;
      }
      reads = false;
    } catch (error) {
      stream.destroy(error);
    }
  };
  return new Readable({
    objectMode: true, highWaterMark: 1, ...options,
    read() { if (!reads) next(this); },
    destroy(error, done) {
      Promise.resolve(iterator.return?.()).then(() => done(error), (failure) => done(error ?? failure));
    },
  });
};

Duplex.from = (source) => {
  if (isNode(source)) return source;
  if (typeof source === "function") {
    const input = new PassThrough({ objectMode: true });
    const output = Readable.from(source(input));
    return new Duplex({
      objectMode: true, read() { output.on("data", (chunk) => this.push(chunk)).on("end", () => this.push(null)); },
      write: (chunk, encoding, done) => void input.write(chunk, encoding, done), final: (done) => void input.end(done),
    });
  }
  return Readable.from(source instanceof Promise ? (async function* () { yield await source; })() : source);
};

// ---- web streams -------------------------------------------------------------------------------

Readable.fromWeb = (source, options) => Readable.from(source, { objectMode: false, ...options });
Readable.toWeb = (stream) => globalThis.ReadableStream.from(
  stream.readableObjectMode ? stream : (async function* () {
    for await (const chunk of stream) yield typeof chunk === "string" ? chunk : new Uint8Array(chunk);
  })(),
);
Writable.fromWeb = (target, options) => {
  const writer = target.getWriter();
  const settle = (promise, done) => promise.then(() => done(), done);
  return new Writable({
    ...options,
    write: (chunk, _, done) => settle(writer.write(chunk), done),
    final: (done) => settle(writer.close(), done),
    destroy: (error, done) => (error ? writer.abort(error).then(() => done(error), () => done(error)) : done(null)),
  });
};
Writable.toWeb = (stream) => new globalThis.WritableStream({
  write: (chunk) => new Promise((resolve, reject) => {
    stream.write(chunk, (error) => (error ? reject(error) : resolve()));
  }),
  close: () => new Promise((resolve) => stream.end(resolve)),
  abort: (reason) => { stream.destroy(reason); },
});
