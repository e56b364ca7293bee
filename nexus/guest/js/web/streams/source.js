// The controllers that a source of a ReadableStream gets, and how a stream starts.

const STREAM_KEY = Symbol("the key that only the stream's files have");

class ReadableStreamDefaultController {
  #stream;

  constructor(key, stream) {
    refuseConstruction(key, "ReadableStreamDefaultController");
    this.#stream = stream;
  }

  get desiredSize() {
    return desiredSize(this.#stream);
  }

  enqueue(chunk = undefined) {
    requireOpen(this.#stream, "enqueue");
    enqueueChunk(this.#stream, chunk);
  }

  close() {
    requireOpen(this.#stream, "close");
    closeStream(this.#stream);
  }

  error(reason = undefined) {
    errorStream(this.#stream, reason);
  }
}

// The controller of {type: "bytes"}: chunks are views; there are no BYOB requests.
class ReadableByteStreamController {
  #stream;

  constructor(key, stream) {
    refuseConstruction(key, "ReadableByteStreamController");
    this.#stream = stream;
  }

  get byobRequest() {
    return null;
  }

  get desiredSize() {
    return desiredSize(this.#stream);
  }

  enqueue(chunk) {
    if (!ArrayBuffer.isView(chunk) || chunk.byteLength === 0) {
      throw new TypeError(
        `A stream of bytes takes views of at least one byte, not ${describe(chunk)}`,
      );
    }
    requireOpen(this.#stream, "enqueue");
    enqueueChunk(this.#stream, transferView(chunk));
  }

  close() {
    requireOpen(this.#stream, "close");
    closeStream(this.#stream);
  }

  error(reason = undefined) {
    errorStream(this.#stream, reason);
  }
}

expose(ReadableStreamDefaultController);
expose(ReadableByteStreamController);

// Takes the bytes out of a view and leaves it detached.
const transferView = (view) => {
  const { buffer, byteOffset, byteLength } = view;
  if (!(buffer instanceof ArrayBuffer)) {
    throw new TypeError("A chunk's buffer must be one that can be transferred");
  }
  return new Uint8Array(buffer.transfer(), byteOffset, byteLength);
};

const refuseConstruction = (key, name) => {
  if (key !== STREAM_KEY) {
    throw new TypeError(`${name} cannot be constructed; a stream makes its own`);
  }
};

const requireOpen = (stream, what) => {
  if (!mayEnqueue(stream)) {
    const found = stream.closing && stream.state === "readable" ? "closing" : stream.state;
    throw new TypeError(`Cannot ${what}: the stream is ${found}`);
  }
};

const sourceFunction = (source, name) => {
  const found = source[name];
  if (found !== undefined && typeof found !== "function") {
    throw new TypeError(`The source's ${name} must be a function, not ${describe(found)}`);
  }
  return found;
};

const startStream = (stream, source, strategy) => {
  const { type } = source;
  if (type !== undefined && `${type}` !== "bytes") {
    throw new TypeError(`The source's type may only be "bytes", not ${describe(type)}`);
  }
  if (type !== undefined && strategy?.size !== undefined) {
    throw new RangeError("A stream of bytes measures by bytes: its strategy has no size");
  }
  Object.assign(stream, readStrategy(strategy, type === undefined ? 1 : 0));
  if (type !== undefined) Object.assign(stream, { size: byteSize, isBytes: true });
  const start = sourceFunction(source, "start");
  const pull = sourceFunction(source, "pull");
  const cancel = sourceFunction(source, "cancel");
  stream.source = {
    pull: (controller) => pull?.call(source, controller),
    cancel: (reason) => cancel?.call(source, reason),
  };
  const Controller = type === undefined
    ? ReadableStreamDefaultController
    : ReadableByteStreamController;
  stream.controller = new Controller(STREAM_KEY, stream);
  // What start() throws comes out of the constructor; a promise it rejects breaks the stream.
  Promise.resolve(start?.call(source, stream.controller)).then(
    () => {
      stream.started = true;
      pullIfWanted(stream);
    },
    (error) => errorStream(stream, error),
  );
};
