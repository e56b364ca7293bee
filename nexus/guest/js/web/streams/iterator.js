// `for await (const chunk of stream)`: calls come one after the other; leaving the loop early
// cancels the stream, unless {preventCancel: true}.

const AsyncIteratorPrototype = Object.getPrototypeOf(
  Object.getPrototypeOf(async function* () {}).prototype,
);

class StreamIterator {
  #reader;
  #preventCancel;
  #last; // the call that is under way
  #finished = false;

  constructor(reader, preventCancel) {
    this.#reader = reader;
    this.#preventCancel = preventCancel;
  }

  next() {
    return orRejected(() => this.#queue(() => this.#next()));
  }

  return(value) {
    return orRejected(() => this.#queue(() => this.#return(value)));
  }

  // The first step begins at once: return() gives the lock back before it returns.
  #queue(step) {
    const result = this.#last ? upon(this.#last, step, step) : step();
    const done = () => {
      if (this.#last === result) this.#last = undefined;
    };
    this.#last = result;
    upon(result, done, done);
    return result;
  }

  #next() {
    if (this.#finished) return resolvedWith({ value: undefined, done: true });
    const ends = newEnds();
    readInto(this.#reader, {
      chunk: (value) => ends.resolve({ value, done: false }),
      close: () => {
        this.#finish();
        ends.resolve({ value: undefined, done: true });
      },
      error: (error) => {
        this.#finish();
        ends.reject(error);
      },
    });
    return upon(ends.promise, (result) => result); // a turn later, as Web IDL says
  }

  #return(value) {
    const result = { value, done: true };
    if (this.#finished) return resolvedWith(result);
    const { stream } = this.#reader;
    const cancelled = this.#preventCancel ? resolvedWith(undefined) : cancelReadable(stream, value);
    this.#finish();
    return upon(cancelled, () => result);
  }

  #finish() {
    this.#finished = true;
    if (this.#reader.stream) releaseReader(this.#reader);
  }
}

delete StreamIterator.prototype.constructor;
enumerateMembers(StreamIterator.prototype);
Object.setPrototypeOf(StreamIterator.prototype, AsyncIteratorPrototype);

const iteratorMethod = (iterable) => {
  const asyncMethod = iterable?.[Symbol.asyncIterator];
  const method = asyncMethod ?? iterable?.[Symbol.iterator];
  if (typeof method !== "function") {
    throw new TypeError(`ReadableStream.from needs an iterable, but got ${describe(iterable)}`);
  }
  return { method, isAsync: asyncMethod !== undefined && asyncMethod !== null };
};

const requireObject = (value, what) => {
  if (value === null || (typeof value !== "object" && typeof value !== "function")) {
    throw new TypeError(`${what} is an object, not ${describe(value)}`);
  }
  return value;
};

// ReadableStream.from: a chunk for each value, drawn as readers want them.
const streamFrom = (iterable) => {
  const { method, isAsync } = iteratorMethod(iterable);
  const iterator = requireObject(applyFunction(method, iterable, []), "An iterator");
  const { next } = iterator;
  const settle = (result) => (isAsync || result.done
    ? resolvedWith(result)
    : upon(resolvedWith(result.value), (value) => ({ value, done: false })));
  const stream = makeReadable({
    start: noop, highWaterMark: 0, size: oneForEach, isBytes: false,
    pull: () => orRejected(() => {
      const given = applyFunction(next, iterator, []);
      const settled = isAsync ? resolvedWith(given) : settle(requireObject(given, "A step"));
      return upon(settled, (result) => {
        requireObject(result, "A step of an iterator");
        if (result.done) closeDefault(stream.controller);
        else enqueueDefault(stream.controller, result.value);
      });
    }),
    cancel: (reason) => orRejected(() => {
      const stop = iterator.return;
      if (stop === undefined || stop === null) return resolvedWith(undefined);
      if (typeof stop !== "function") throw new TypeError("An iterator's return is a function");
      return upon(resolvedWith(applyFunction(stop, iterator, [reason])), (result) => {
        requireObject(result, "The result of an iterator's return");
      });
    }),
  });
  return stream.face;
};
