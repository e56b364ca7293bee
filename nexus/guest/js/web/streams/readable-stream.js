// ReadableStream. There are no BYOB readers and no pipes.

let stateOfStream; // the record of streams/state.js; a TypeError for anything else

class ReadableStream {
  #state = newStreamState();

  constructor(source = {}, strategy = {}) {
    if (source === null || (typeof source !== "object" && typeof source !== "function")) {
      throw new TypeError(`The source of a ReadableStream is an object, not ${describe(source)}`);
    }
    startStream(this.#state, source, strategy);
  }

  static {
    stateOfStream = (stream) => {
      if (typeof stream === "object" && stream !== null && #state in stream) {
        return stream.#state;
      }
      throw new TypeError(`Expected a ReadableStream, but got ${describe(stream)}`);
    };
  }

  static from(iterable) {
    need(arguments, 1, "ReadableStream.from");
    const iterator = openIterator(iterable);
    return new ReadableStream({
      async pull(controller) {
        const { done, value } = await iterator.next();
        if (done) controller.close();
        else controller.enqueue(await value);
      },
      async cancel(reason) {
        await iterator.return?.(reason);
      },
    }, { highWaterMark: 0 });
  }

  get locked() {
    return this.#state.reader !== undefined;
  }

  async cancel(reason = undefined) {
    this.#requireUnlocked("cancel");
    return cancelStream(this.#state, reason);
  }

  getReader(options = undefined) {
    const { mode } = toDictionary(options, "The options of getReader");
    if (mode !== undefined) {
      const name = JSON.stringify(toText(mode));
      throw new TypeError(`getReader has no mode ${name} here: leave the option out`);
    }
    return new ReadableStreamDefaultReader(this);
  }

  tee() {
    return teeStream(this, this.#state.isBytes ? copyBytes : undefined);
  }

  values(options = undefined) {
    const { preventCancel } = toDictionary(options, "The options of values");
    return new StreamIterator(new ReadableStreamDefaultReader(this), Boolean(preventCancel));
  }

  #requireUnlocked(what) {
    if (this.locked) {
      throw new TypeError(`Cannot ${what}: the stream is locked to a reader`);
    }
  }
}

expose(ReadableStream);
Object.defineProperty(ReadableStream.prototype, Symbol.asyncIterator, {
  value: ReadableStream.prototype.values, writable: true, configurable: true,
});

// Two streams with the chunks of one; the second has clones of them where `clone` makes some.
const teeStream = (stream, clone) =>
  teeSources(new ReadableStreamDefaultReader(stream), clone).map(
    (source) => new ReadableStream(source),
  );

const openIterator = (iterable) => {
  const open = iterable?.[Symbol.asyncIterator] ?? iterable?.[Symbol.iterator];
  if (typeof open !== "function") {
    throw new TypeError(`ReadableStream.from needs an iterable, but got ${describe(iterable)}`);
  }
  return open.call(iterable);
};
