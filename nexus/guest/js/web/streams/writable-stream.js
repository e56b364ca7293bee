// WritableStream and its writer.

let stateOfWritable;

class WritableStream {
  #stream = newWritable();

  constructor(underlyingSink = undefined, strategy = {}) {
    this.#stream.face = this;
    if (underlyingSink !== STREAM_KEY) {
      startWithSink(this.#stream, toUnderlying(underlyingSink, "A sink"), strategy);
    }
  }

  static {
    stateOfWritable = (stream) => {
      if (typeof stream === "object" && stream !== null && #stream in stream) {
        return stream.#stream;
      }
      throw wrongReceiver("WritableStream", stream);
    };
  }

  get locked() {
    return stateOfWritable(this).writer !== undefined;
  }

  abort(reason = undefined) {
    return orRejected(() => {
      const stream = stateOfWritable(this);
      requireUnlocked(stream, "abort");
      return abortWritable(stream, reason);
    });
  }

  close() {
    return orRejected(() => {
      const stream = stateOfWritable(this);
      requireUnlocked(stream, "close");
      if (isClosing(stream)) throw new TypeError("Cannot close: the stream is closing already");
      return closeWritable(stream);
    });
  }

  getWriter() {
    return new WritableStreamDefaultWriter(this);
  }
}

const startWithSink = (stream, sink, strategy) => {
  const wanted = toStrategy(strategy);
  const abort = callbackOf(sink, "abort", "A sink");
  const close = callbackOf(sink, "close", "A sink");
  const start = callbackOf(sink, "start", "A sink");
  const { type } = sink;
  if (type !== undefined) {
    throw new RangeError(`A sink has no type yet, but this has ${describe(type)}`);
  }
  const write = promiseCallback(sink, callbackOf(sink, "write", "A sink"));
  const controller = newWritableController(stream, {
    abort: promiseCallback(sink, abort), close: promiseCallback(sink, close),
    write: (chunk) => write(chunk, face), highWaterMark: markOf(wanted, 1), size: wanted.size,
  });
  const face = new WritableStreamDefaultController(STREAM_KEY, controller);
  startWritable(controller, () => start && applyFunction(start, sink, [face]));
};

const openWriter = (stream) => {
  if (stream.writer) throw new TypeError("The stream is locked to a writer");
  const { state } = stream;
  const writer = { stream, ready: undefined, closed: undefined };
  if (state === "writable") {
    writer.ready = !isClosing(stream) && stream.backpressure ? newEnds() : settledEnds();
  } else {
    writer.ready = state === "closed" ? settledEnds() : failedEnds(stream.error);
  }
  writer.closed = state === "closed" ? settledEnds()
    : state === "errored" ? failedEnds(stream.error) : newEnds();
  stream.writer = writer;
  return writer;
};

const releaseWriter = (writer) => {
  const error = new TypeError("The writer has released its lock");
  failEnds(writer, "ready", error);
  failEnds(writer, "closed", error);
  writer.stream.writer = undefined;
  writer.stream = undefined;
};

const writeChunk = (writer, chunk) => {
  const { stream } = writer;
  const size = measure(stream.controller, chunk);
  if (stream !== writer.stream) return rejectedWith(writerReleased("write"));
  if (stream.state === "errored") return rejectedWith(stream.error);
  if (isClosing(stream) || stream.state === "closed") {
    return rejectedWith(new TypeError("Cannot write: the stream is closing or closed"));
  }
  if (stream.state === "erroring") return rejectedWith(stream.error);
  const ends = newEnds();
  stream.requests.push(ends);
  enqueueWrite(stream.controller, chunk, size);
  return ends.promise;
};

const closeForPipe = ({ stream }) => {
  if (isClosing(stream) || stream.state === "closed") return resolvedWith(undefined);
  return stream.state === "errored" ? rejectedWith(stream.error) : closeWritable(stream);
};

const writerReleased = (what) => new TypeError(`Cannot ${what}: the writer has released its lock`);

let writerOf;

class WritableStreamDefaultWriter {
  #writer;

  constructor(stream) {
    need(arguments, 1, "WritableStreamDefaultWriter");
    this.#writer = openWriter(stateOfWritable(stream));
  }

  static {
    writerOf = (value, what) => {
      if (typeof value !== "object" || value === null || !(#writer in value)) {
        throw wrongReceiver("WritableStreamDefaultWriter", value);
      }
      if (what && !value.#writer.stream) throw writerReleased(what);
      return value.#writer;
    };
  }

  get closed() {
    return orRejected(() => writerOf(this).closed.promise);
  }

  get desiredSize() {
    const { stream } = writerOf(this, "measure");
    if (stream.state === "errored" || stream.state === "erroring") return null;
    return stream.state === "closed" ? 0 : roomOf(stream.controller);
  }

  get ready() {
    return orRejected(() => writerOf(this).ready.promise);
  }

  abort(reason = undefined) {
    return orRejected(() => abortWritable(writerOf(this, "abort").stream, reason));
  }

  close() {
    return orRejected(() => {
      const { stream } = writerOf(this, "close");
      if (isClosing(stream)) throw new TypeError("Cannot close: the stream is closing already");
      return closeWritable(stream);
    });
  }

  releaseLock() {
    const writer = writerOf(this);
    if (writer.stream) releaseWriter(writer);
  }

  write(chunk = undefined) {
    return orRejected(() => writeChunk(writerOf(this, "write"), chunk));
  }
}

expose(WritableStream);
expose(WritableStreamDefaultWriter);

const makeWritable = ({ start, write, close, abort, highWaterMark, size }) => {
  const stream = stateOfWritable(new WritableStream(STREAM_KEY));
  const controller = newWritableController(stream, { write, close, abort, highWaterMark, size });
  startWritable(controller, start);
  return stream;
};
