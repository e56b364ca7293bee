// ReadableStream.

let stateOfStream; // the record of streams/readable.js; a TypeError for anything else

class ReadableStream {
  #stream = newReadable();

  constructor(underlyingSource = undefined, strategy = {}) {
    this.#stream.face = this;
    if (underlyingSource !== STREAM_KEY) {
      startReadable(this.#stream, toUnderlying(underlyingSource, "A source"), strategy);
    }
  }

  static {
    stateOfStream = (stream) => {
      if (typeof stream === "object" && stream !== null && #stream in stream) {
        return stream.#stream;
      }
      throw wrongReceiver("ReadableStream", stream);
    };
  }

  static from(asyncIterable) {
    need(arguments, 1, "ReadableStream.from");
    return streamFrom(asyncIterable);
  }

  get locked() {
    return stateOfStream(this).reader !== undefined;
  }

  cancel(reason = undefined) {
    return orRejected(() => {
      const stream = stateOfStream(this);
      requireUnlocked(stream, "cancel");
      return cancelReadable(stream, reason);
    });
  }

  getReader(options = undefined) {
    stateOfStream(this);
    const { mode } = toDictionary(options, "The options of getReader");
    if (mode === undefined) return new ReadableStreamDefaultReader(this);
    if (toText(mode) !== "byob") {
      throw new TypeError(`The mode of a reader may only be "byob", not ${describe(mode)}`);
    }
    return new ReadableStreamBYOBReader(this);
  }

  pipeThrough(transform, options = undefined) {
    const stream = stateOfStream(this);
    need(arguments, 1, "ReadableStream.pipeThrough");
    const given = toDictionary(transform, "A transform");
    const { readable } = given;
    stateOfStream(readable);
    const target = stateOfWritable(given.writable);
    const wanted = toPipeOptions(options);
    requireUnlocked(stream, "pipe");
    requireUnlocked(target, "pipe to it");
    quiet(pipe(stream, target, wanted));
    return readable;
  }

  pipeTo(destination, options = undefined) {
    return orRejected(() => {
      const stream = stateOfStream(this);
      need(arguments, 1, "ReadableStream.pipeTo");
      const target = stateOfWritable(destination);
      const wanted = toPipeOptions(options);
      requireUnlocked(stream, "pipe");
      requireUnlocked(target, "pipe to it");
      return pipe(stream, target, wanted);
    });
  }

  tee() {
    return teeStream(this);
  }

  values(options = undefined) {
    const stream = stateOfStream(this);
    const { preventCancel } = toDictionary(options, "The options of values");
    return new StreamIterator(openReader(stream), Boolean(preventCancel));
  }
}

expose(ReadableStream);
Object.defineProperty(ReadableStream.prototype, Symbol.asyncIterator, {
  value: ReadableStream.prototype.values, writable: true, configurable: true,
});

// Of a readable or a writable stream.
const requireUnlocked = (stream, what) => {
  if (stream.reader || stream.writer) {
    throw new TypeError(`Cannot ${what}: the stream is locked`);
  }
};

// Streams of bytes never share a chunk; others only where `clone` makes copies.
const teeStream = (face, clone = undefined) => {
  const stream = stateOfStream(face);
  return stream.isBytes ? teeBytes(stream) : teeDefault(stream, clone);
};

const autoAllocateOf = (source) => {
  const size = source.autoAllocateChunkSize;
  if (size === undefined) return undefined;
  const found = toRange(size, Number.MAX_SAFE_INTEGER, "autoAllocateChunkSize");
  if (found === 0) throw new TypeError("autoAllocateChunkSize must be at least 1");
  return found;
};

// A strategy of a stream of bytes has no size: it measures by bytes.
const byteMark = (strategy) => {
  if (strategy.hasSize) {
    throw new RangeError("A stream of bytes measures by bytes: its strategy has no size");
  }
  return markOf(strategy, 0);
};

const startReadable = (stream, source, strategy) => {
  const wanted = toStrategy(strategy);
  const autoAllocate = autoAllocateOf(source);
  const cancel = callbackOf(source, "cancel", "A source");
  const pull = callbackOf(source, "pull", "A source");
  const start = callbackOf(source, "start", "A source");
  const { type } = source;
  if (type !== undefined && toText(type) !== "bytes") {
    throw new TypeError(`The source's type may only be "bytes", not ${describe(type)}`);
  }
  const callbacks = { pull: undefined, cancel: promiseCallback(source, cancel) };
  const controller = type === undefined
    ? newDefaultController(stream, { ...callbacks, highWaterMark: markOf(wanted, 1), size: wanted.size })
    : newByteController(stream, { ...callbacks, highWaterMark: byteMark(wanted), autoAllocate });
  const Face = type === undefined ? ReadableStreamDefaultController : ReadableByteStreamController;
  const face = new Face(STREAM_KEY, controller);
  const call = promiseCallback(source, pull);
  controller.pull = () => call(face);
  startController(controller, () => start && applyFunction(start, source, [face]));
};

// A stream of ours, without a face for its controller; `pull` and `cancel` give promises. All
// members of the argument must be there: a handler may have put some on Object.prototype.
const makeReadable = ({ start, pull, cancel, highWaterMark, size, isBytes }) => {
  const stream = stateOfStream(new ReadableStream(STREAM_KEY));
  const controller = isBytes
    ? newByteController(stream, { pull, cancel, highWaterMark, autoAllocate: undefined })
    : newDefaultController(stream, { pull, cancel, highWaterMark, size });
  startController(controller, start);
  return stream;
};

const oneForEach = () => 1;
