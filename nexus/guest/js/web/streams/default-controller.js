// The controller of a stream of any chunks.

const newDefaultController = (stream, { pull, cancel, highWaterMark, size }) => {
  const controller = {
    stream, pull, cancel, highWaterMark, size, face: undefined, queue: [], total: 0,
    started: false, closing: false, pulling: false, pullAgain: false,
    cancelSteps: (reason) => {
      resetQueue(controller);
      const result = controller.cancel(reason);
      dropCallbacks(controller);
      return result;
    },
    pullSteps: (request) => {
      if (controller.queue.length === 0) {
        stream.reader.requests.push(request);
        pullIfWanted(controller);
        return;
      }
      const chunk = dequeueSized(controller);
      if (controller.closing && controller.queue.length === 0) {
        dropCallbacks(controller);
        closeReadable(stream);
      } else {
        pullIfWanted(controller);
      }
      request.chunk(chunk);
    },
    releaseSteps: noop,
    wantsMore: () => wantsMore(controller),
    fail: (error) => errorDefault(controller, error),
  };
  stream.controller = controller;
  return controller;
};

// Runs start(); a promise that it rejects breaks the stream.
const startController = (controller, start) => {
  const result = start();
  upon(resolvedWith(result), () => {
    controller.started = true;
    pullIfWanted(controller);
  }, controller.fail);
};

const dropCallbacks = (controller) => {
  controller.pull = controller.cancel = controller.size = undefined;
};

const mayEnqueue = ({ closing, stream }) => !closing && stream.state === "readable";

const desiredSize = ({ stream, highWaterMark, total }) => {
  if (stream.state === "errored") return null;
  return stream.state === "closed" ? 0 : highWaterMark - total;
};

const wantsMore = (controller) =>
  mayEnqueue(controller) && controller.started &&
  (waitingReads(controller.stream, false) > 0 || desiredSize(controller) > 0);

// For both kinds of controllers.
const pullIfWanted = (controller) => {
  if (!controller.wantsMore()) return;
  if (controller.pulling) {
    controller.pullAgain = true;
    return;
  }
  controller.pulling = true;
  upon(controller.pull(), () => {
    controller.pulling = false;
    if (controller.pullAgain) {
      controller.pullAgain = false;
      pullIfWanted(controller);
    }
  }, controller.fail);
};

const closeDefault = (controller) => {
  if (!mayEnqueue(controller)) return;
  controller.closing = true;
  if (controller.queue.length === 0) {
    dropCallbacks(controller);
    closeReadable(controller.stream);
  }
};

const enqueueDefault = (controller, chunk) => {
  if (!mayEnqueue(controller)) return;
  if (waitingReads(controller.stream, false) > 0) {
    controller.stream.reader.requests.shift().chunk(chunk);
  } else {
    try {
      const { size } = controller;
      enqueueSized(controller, chunk, size(chunk));
    } catch (error) {
      errorDefault(controller, error);
      throw error;
    }
  }
  pullIfWanted(controller);
};

const errorDefault = (controller, error) => {
  if (controller.stream.state !== "readable") return;
  resetQueue(controller);
  dropCallbacks(controller);
  errorReadable(controller.stream, error);
};

const requireOpen = (controller, what) => {
  if (!mayEnqueue(controller)) {
    const { closing, stream } = controller;
    const found = closing && stream.state === "readable" ? "closing" : stream.state;
    throw new TypeError(`Cannot ${what}: the stream is ${found}`);
  }
};

class ReadableStreamDefaultController {
  #controller;

  constructor(key, controller) {
    refuseConstruction(key, "ReadableStreamDefaultController");
    this.#controller = controller;
  }

  get desiredSize() {
    return desiredSize(this.#controller);
  }

  close() {
    requireOpen(this.#controller, "close");
    closeDefault(this.#controller);
  }

  enqueue(chunk = undefined) {
    requireOpen(this.#controller, "enqueue");
    enqueueDefault(this.#controller, chunk);
  }

  error(reason = undefined) {
    errorDefault(this.#controller, reason);
  }
}

expose(ReadableStreamDefaultController);
