// The controller of a stream of bytes ({type: "bytes"}).

const newByteController = (stream, { pull, cancel, highWaterMark, autoAllocate }) => {
  const controller = {
    stream, pull, cancel, highWaterMark, autoAllocate, face: undefined, queue: [], total: 0,
    pending: [], request: null, started: false, closing: false, pulling: false, pullAgain: false,
    cancelSteps: (reason) => {
      clearPending(controller);
      resetQueue(controller);
      const result = controller.cancel(reason);
      dropCallbacks(controller);
      return result;
    },
    pullSteps: (request) => pullBytes(controller, request),
    releaseSteps: () => {
      const [first] = controller.pending;
      if (first) {
        first.reader = "none";
        controller.pending = [first];
      }
    },
    wantsMore: () => mayEnqueue(controller) && controller.started &&
      (stream.reader?.requests.length > 0 || desiredSize(controller) > 0),
    fail: (error) => errorBytes(controller, error),
  };
  Object.assign(stream, { controller, isBytes: true });
  return controller;
};

const pullBytes = (controller, request) => {
  if (controller.total > 0) {
    answerFromQueue(controller, request);
    return;
  }
  const size = controller.autoAllocate;
  if (size !== undefined) {
    let buffer;
    try {
      buffer = new ArrayBuffer(size);
    } catch (error) {
      request.error(error);
      return;
    }
    controller.pending.push(newPullInto(buffer, 0, size, 1, 1, Uint8Array, "default"));
  }
  controller.stream.reader.requests.push(request);
  pullIfWanted(controller);
};

const answerFromQueue = (controller, request) => {
  const { buffer, offset, length } = controller.queue.shift();
  controller.total -= length;
  closeIfDrained(controller);
  request.chunk(new Uint8Array(buffer, offset, length));
};

const closeIfDrained = (controller) => {
  if (controller.total === 0 && controller.closing) {
    dropCallbacks(controller);
    closeReadable(controller.stream);
  } else {
    pullIfWanted(controller);
  }
};

const forgetRequest = (controller) => {
  if (controller.request) spendRequest(controller.request);
  controller.request = null;
};

const clearPending = (controller) => {
  forgetRequest(controller);
  controller.pending = [];
};

const errorBytes = (controller, error) => {
  if (controller.stream.state !== "readable") return;
  clearPending(controller);
  resetQueue(controller);
  dropCallbacks(controller);
  errorReadable(controller.stream, error);
};

const closeBytes = (controller) => {
  if (!mayEnqueue(controller)) return;
  if (controller.total > 0) {
    controller.closing = true;
    return;
  }
  const [first] = controller.pending;
  if (first && first.filled % first.elementSize !== 0) {
    const error = new TypeError("The stream closes inside an element of a reader's view");
    errorBytes(controller, error);
    throw error;
  }
  dropCallbacks(controller);
  closeReadable(controller.stream);
};

const enqueueView = (controller, { buffer, byteOffset, byteLength }) => {
  const { stream } = controller;
  const transferred = transferBuffer(buffer);
  const [first] = controller.pending;
  if (first) {
    if (first.buffer.detached) throw new TypeError("The buffer of the BYOB request is detached");
    forgetRequest(controller);
    first.buffer = transferBuffer(first.buffer);
    if (first.reader === "none") keepOfReleased(controller, first);
  }
  if (stream.reader && !stream.reader.byob) {
    const { requests } = stream.reader;
    while (requests.length > 0 && controller.total > 0) {
      answerFromQueue(controller, requests.shift());
    }
    if (requests.length > 0) {
      controller.pending.shift();
      requests.shift().chunk(new Uint8Array(transferred, byteOffset, byteLength));
    } else {
      enqueueBytes(controller, transferred, byteOffset, byteLength);
    }
  } else {
    enqueueBytes(controller, transferred, byteOffset, byteLength);
    if (stream.reader) commitPending(controller);
  }
  pullIfWanted(controller);
};

class ReadableByteStreamController {
  #controller;

  constructor(key, controller) {
    refuseConstruction(key, "ReadableByteStreamController");
    this.#controller = controller;
  }

  get byobRequest() {
    return byobRequest(this.#controller);
  }

  get desiredSize() {
    return desiredSize(this.#controller);
  }

  close() {
    requireOpen(this.#controller, "close");
    closeBytes(this.#controller);
  }

  enqueue(chunk) {
    const controller = this.#controller;
    need(arguments, 1, "ReadableByteStreamController.enqueue");
    if (!ArrayBuffer.isView(chunk) || chunk.byteLength === 0 || chunk.buffer.byteLength === 0) {
      throw new TypeError(
        `A stream of bytes takes views of at least one byte, not ${describe(chunk)}`,
      );
    }
    requireOpen(controller, "enqueue");
    enqueueView(controller, chunk);
  }

  error(reason = undefined) {
    errorBytes(this.#controller, reason);
  }
}

expose(ReadableByteStreamController);
