// The readers: they hold the lock on a stream and read it chunk by chunk.

const readerMethods = (getReader) => ({
  closed: (self) => orRejected(() => getReader(self).closed.promise),
  cancel: (self, reason) => orRejected(() => {
    const { stream } = getReader(self);
    if (!stream) throw released("cancel");
    return cancelReadable(stream, reason);
  }),
  release: (self) => {
    const reader = getReader(self);
    if (reader.stream) releaseReader(reader);
  },
});

const released = (what) => new TypeError(`Cannot ${what}: the reader has released its lock`);

let defaultReaderOf; // (value): the record of a ReadableStreamDefaultReader

class ReadableStreamDefaultReader {
  #reader;

  constructor(stream) {
    need(arguments, 1, "ReadableStreamDefaultReader");
    this.#reader = openReader(stateOfStream(stream));
  }

  static {
    defaultReaderOf = (value) => {
      if (typeof value === "object" && value !== null && #reader in value) return value.#reader;
      throw wrongReceiver("ReadableStreamDefaultReader", value);
    };
  }

  get closed() {
    return DEFAULT_READER.closed(this);
  }

  cancel(reason = undefined) {
    return DEFAULT_READER.cancel(this, reason);
  }

  read() {
    return orRejected(() => {
      const reader = defaultReaderOf(this);
      if (!reader.stream) throw released("read");
      const ends = newEnds();
      readInto(reader, requestWithEnds(ends));
      return ends.promise;
    });
  }

  releaseLock() {
    DEFAULT_READER.release(this);
  }
}

let byobReaderOf;

const leastOf = (options, view) => {
  const { min = 1 } = toDictionary(options, "The options of read");
  const least = toRange(min, Number.MAX_SAFE_INTEGER, "min");
  if (least === 0) throw new TypeError("min must be at least 1");
  const most = view.length ?? view.byteLength;
  if (least > most) throw new RangeError(`min must fit into the view, which has ${most}, not ${least}`);
  return least;
};

class ReadableStreamBYOBReader {
  #reader;

  constructor(stream) {
    need(arguments, 1, "ReadableStreamBYOBReader");
    this.#reader = openReader(stateOfStream(stream), true);
  }

  static {
    byobReaderOf = (value) => {
      if (typeof value === "object" && value !== null && #reader in value) return value.#reader;
      throw wrongReceiver("ReadableStreamBYOBReader", value);
    };
  }

  get closed() {
    return BYOB_READER.closed(this);
  }

  cancel(reason = undefined) {
    return BYOB_READER.cancel(this, reason);
  }

  read(view, options = undefined) {
    return orRejected(() => {
      const reader = byobReaderOf(this);
      if (!ArrayBuffer.isView(view)) {
        throw new TypeError(`A BYOB reader reads into a view, not ${describe(view)}`);
      }
      if (view.byteLength === 0 || view.buffer.byteLength === 0 || view.buffer.detached) {
        throw new TypeError("A BYOB reader needs a view of at least one byte");
      }
      const least = leastOf(options, view);
      if (!reader.stream) throw released("read");
      const ends = newEnds();
      readIntoView(reader, view, least, requestWithEnds(ends));
      return ends.promise;
    });
  }

  releaseLock() {
    BYOB_READER.release(this);
  }
}

const readIntoView = ({ stream }, view, least, request) => {
  stream.disturbed = true;
  if (stream.state === "errored") request.error(stream.error);
  else pullInto(stream.controller, view, least, request);
};

const DEFAULT_READER = readerMethods((value) => defaultReaderOf(value));
const BYOB_READER = readerMethods((value) => byobReaderOf(value));

expose(ReadableStreamDefaultReader);
expose(ReadableStreamBYOBReader);
