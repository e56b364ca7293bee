// The controller of a WritableStream: hands chunk after chunk to the sink.

const CLOSE = Symbol("the end, in a queue of chunks");

const newWritableController = (stream, { write, close, abort, highWaterMark, size }) => {
  const controller = {
    stream, write, close, abort, highWaterMark, size, queue: [], total: 0, started: false,
    abortController: new AbortController(),
  };
  stream.controller = controller;
  return controller;
};

const startWritable = (controller, start) => {
  const { stream } = controller;
  setBackpressure(stream, isFull(controller));
  const result = start();
  upon(resolvedWith(result), () => {
    controller.started = true;
    advance(controller);
  }, (error) => {
    controller.started = true;
    dealWithRejection(stream, error);
  });
};

const dropSink = (controller) => {
  controller.write = controller.close = controller.abort = controller.size = undefined;
};

const roomOf = ({ highWaterMark, total }) => highWaterMark - total;
const isFull = (controller) => roomOf(controller) <= 0;

const advance = (controller) => {
  const { stream, queue } = controller;
  if (!controller.started || stream.writing) return;
  if (stream.state === "erroring") {
    finishErroring(stream);
  } else if (queue.length > 0 && stream.state === "writable") {
    if (queue[0].value === CLOSE) closeSink(controller);
    else writeToSink(controller, queue[0].value);
  }
};

const closeSink = (controller) => {
  const { stream, close } = controller;
  stream.closingNow = stream.closeRequest;
  stream.closeRequest = undefined;
  dequeueSized(controller);
  const closed = close();
  dropSink(controller);
  upon(closed, () => finishClose(stream), (error) => finishClose(stream, { error }));
};

const writeToSink = (controller, chunk) => {
  const { stream, write } = controller;
  stream.writing = stream.requests.shift();
  upon(write(chunk), () => {
    finishWrite(stream);
    dequeueSized(controller);
    if (!isClosing(stream) && stream.state === "writable") {
      setBackpressure(stream, isFull(controller));
    }
    advance(controller);
  }, (error) => {
    if (stream.state === "writable") dropSink(controller);
    finishWrite(stream, { error });
  });
};

const closeController = (controller) => {
  enqueueSized(controller, CLOSE, 0);
  advance(controller);
};

const errorWritable = (controller, error) => {
  if (controller.stream.state !== "writable") return;
  dropSink(controller);
  startErroring(controller.stream, error);
};

const measure = (controller, chunk) => {
  const { size } = controller;
  if (!size) return 1;
  try {
    return size(chunk);
  } catch (error) {
    errorWritable(controller, error);
    return 1;
  }
};

const enqueueWrite = (controller, chunk, size) => {
  const { stream } = controller;
  try {
    enqueueSized(controller, chunk, size);
  } catch (error) {
    errorWritable(controller, error);
    return;
  }
  if (!isClosing(stream) && stream.state === "writable") {
    setBackpressure(stream, isFull(controller));
  }
  advance(controller);
};

class WritableStreamDefaultController {
  #controller;

  constructor(key, controller) {
    refuseConstruction(key, "WritableStreamDefaultController");
    this.#controller = controller;
  }

  get signal() {
    return this.#controller.abortController.signal;
  }

  error(reason = undefined) {
    errorWritable(this.#controller, reason);
  }
}

expose(WritableStreamDefaultController);
