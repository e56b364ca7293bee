// TransformStream and its controller.

class TransformStreamDefaultController {
  #stream;

  constructor(key, stream) {
    refuseConstruction(key, "TransformStreamDefaultController");
    this.#stream = stream;
  }

  get desiredSize() {
    return desiredSize(this.#stream.readable.controller);
  }

  enqueue(chunk = undefined) {
    enqueueTransformed(this.#stream, chunk);
  }

  error(reason = undefined) {
    errorTransform(this.#stream, reason);
  }

  terminate() {
    closeDefault(this.#stream.readable.controller);
    errorWritableSide(this.#stream, new TypeError("The stream was terminated"));
  }
}

let transformOf;

class TransformStream {
  #stream = {
    readable: undefined, writable: undefined, backpressure: undefined, changed: undefined,
    controller: { transform: undefined, flush: undefined, cancel: undefined, finish: undefined },
  };

  constructor(transformer = undefined, writableStrategy = {}, readableStrategy = {}) {
    startTransform(
      this.#stream, toUnderlying(transformer, "A transformer"), writableStrategy, readableStrategy,
    );
  }

  static {
    transformOf = (value) => {
      if (typeof value === "object" && value !== null && #stream in value) return value.#stream;
      throw wrongReceiver("TransformStream", value);
    };
  }

  get readable() {
    return transformOf(this).readable.face;
  }

  get writable() {
    return transformOf(this).writable.face;
  }
}

const refuseType = (transformer, name) => {
  if (transformer[name] !== undefined) {
    throw new RangeError(`A transformer has no ${name} yet, but this has ${describe(transformer[name])}`);
  }
};

const startTransform = (stream, transformer, writableStrategy, readableStrategy) => {
  const writableWanted = toStrategy(writableStrategy);
  const readableWanted = toStrategy(readableStrategy);
  const [cancel, flush] = ["cancel", "flush"].map((name) => callbackOf(transformer, name, "A transformer"));
  refuseType(transformer, "readableType");
  const [start, transform] = ["start", "transform"].map(
    (name) => callbackOf(transformer, name, "A transformer"),
  );
  refuseType(transformer, "writableType");
  const readable = { highWaterMark: markOf(readableWanted, 0), size: readableWanted.size };
  const writable = { highWaterMark: markOf(writableWanted, 1), size: writableWanted.size };
  const started = newEnds();
  openTransform(stream, started.promise, writable, readable);
  const face = new TransformStreamDefaultController(STREAM_KEY, stream);
  const call = promiseCallback(transformer, transform);
  const end = promiseCallback(transformer, flush);
  Object.assign(stream.controller, {
    transform: transform
      ? (chunk) => call(chunk, face)
      : (chunk) => orRejected(() => resolvedWith(enqueueTransformed(stream, chunk))),
    flush: () => end(face),
    cancel: promiseCallback(transformer, cancel),
  });
  started.resolve(start && applyFunction(start, transformer, [face]));
};

expose(TransformStreamDefaultController);
expose(TransformStream);
