// TransformStream: what is written to one side comes out of the other, changed.
//
// Inside it is {readable, writable, backpressure, changed, controller}; `changed` are the ends of a
// promise for the next change of the backpressure.

const setPressure = (stream, backpressure) => {
  stream.changed?.resolve(undefined);
  stream.changed = newEnds();
  stream.backpressure = backpressure;
};

const unblockWrite = (stream) => {
  if (stream.backpressure) setPressure(stream, false);
};

const errorTransform = (stream, error) => {
  errorDefault(stream.readable.controller, error);
  errorWritableSide(stream, error);
};

const errorWritableSide = (stream, error) => {
  dropTransformer(stream.controller);
  errorWritable(stream.writable.controller, error);
  unblockWrite(stream);
};

const dropTransformer = (controller) => {
  controller.transform = controller.flush = controller.cancel = undefined;
};

const transformChunk = (stream, chunk) => {
  const { transform } = stream.controller;
  return upon(transform(chunk), undefined, (error) => {
    errorTransform(stream, error);
    throw error;
  });
};

const writeToTransform = (stream, chunk) => {
  if (!stream.backpressure) return transformChunk(stream, chunk);
  return upon(stream.changed.promise, () => {
    if (stream.writable.state === "erroring") throw stream.writable.error;
    return transformChunk(stream, chunk);
  });
};

// Ends the stream once, from whichever side comes first.
const finishTransform = (stream, run, done, failed) => {
  const { controller } = stream;
  if (controller.finish) return controller.finish.promise;
  controller.finish = newEnds();
  const { finish } = controller;
  const result = run(controller);
  dropTransformer(controller);
  upon(result, () => {
    const failure = done();
    if (failure) finish.reject(failure.error);
    else finish.resolve(undefined);
  }, (error) => {
    failed(error);
    finish.reject(error);
  });
  return finish.promise;
};

const failureOf = ({ state, error }) => (state === "errored" ? { error } : undefined);

const abortTransform = (stream, reason) => {
  const { readable } = stream;
  return finishTransform(stream, ({ cancel }) => cancel(reason), () => {
    const failure = failureOf(readable);
    if (!failure) errorDefault(readable.controller, reason);
    return failure;
  }, (error) => errorDefault(readable.controller, error));
};

const closeTransform = (stream) => {
  const { readable } = stream;
  return finishTransform(stream, ({ flush }) => flush(), () => {
    const failure = failureOf(readable);
    if (!failure) closeDefault(readable.controller);
    return failure;
  }, (error) => errorDefault(readable.controller, error));
};

const cancelTransform = (stream, reason) => {
  const { writable } = stream;
  const fail = (error) => {
    errorWritable(writable.controller, error);
    unblockWrite(stream);
  };
  return finishTransform(stream, ({ cancel }) => cancel(reason), () => {
    const failure = failureOf(writable);
    if (!failure) fail(reason);
    return failure;
  }, fail);
};

const pullTransform = (stream) => {
  setPressure(stream, false);
  return stream.changed.promise;
};

// `started` is a promise: both sides wait for it.
const openTransform = (stream, started, writableStrategy, readableStrategy) => {
  const start = () => started;
  stream.writable = makeWritable({
    start, write: (chunk) => writeToTransform(stream, chunk),
    close: () => closeTransform(stream), abort: (reason) => abortTransform(stream, reason),
    ...writableStrategy,
  });
  stream.readable = makeReadable({
    start, pull: () => pullTransform(stream), cancel: (reason) => cancelTransform(stream, reason),
    isBytes: false, ...readableStrategy,
  });
  setPressure(stream, true);
};

const enqueueTransformed = (stream, chunk) => {
  const { readable } = stream;
  if (!mayEnqueue(readable.controller)) {
    throw new TypeError("Cannot enqueue: the readable side is closing, closed or errored");
  }
  try {
    enqueueDefault(readable.controller, chunk);
  } catch (error) {
    errorWritableSide(stream, error);
    throw readable.error;
  }
  const backpressure = !wantsMore(readable.controller);
  if (backpressure !== stream.backpressure) setPressure(stream, true);
};
