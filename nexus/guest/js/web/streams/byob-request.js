// ReadableStreamBYOBRequest: the view of a reader that the source may fill.

let spendRequest; // (request): its view is another's now

class ReadableStreamBYOBRequest {
  #controller;
  #view;

  constructor(key, controller, view) {
    refuseConstruction(key, "ReadableStreamBYOBRequest");
    this.#controller = controller;
    this.#view = view;
  }

  static {
    spendRequest = (request) => {
      request.#controller = undefined;
      request.#view = null;
    };
  }

  get view() {
    return this.#view;
  }

  respond(bytesWritten) {
    need(arguments, 1, "ReadableStreamBYOBRequest.respond");
    const count = toRange(bytesWritten, Number.MAX_SAFE_INTEGER, "bytesWritten");
    this.#requireOpen();
    if (this.#view.buffer.detached) throw new TypeError("The request's buffer is detached");
    respond(this.#controller, count);
  }

  respondWithNewView(view) {
    need(arguments, 1, "ReadableStreamBYOBRequest.respondWithNewView");
    if (!ArrayBuffer.isView(view)) throw new TypeError(`Expected a view, but got ${describe(view)}`);
    this.#requireOpen();
    if (view.buffer.detached) throw new TypeError("The view's buffer is detached");
    respondWithView(this.#controller, view);
  }

  #requireOpen() {
    if (!this.#controller) throw new TypeError("The request was answered already");
  }
}

expose(ReadableStreamBYOBRequest);

const byobRequest = (controller) => {
  const [first] = controller.pending;
  if (!controller.request && first) {
    const start = first.offset + first.filled;
    const view = new Uint8Array(first.buffer, start, first.length - first.filled);
    controller.request = new ReadableStreamBYOBRequest(STREAM_KEY, controller, view);
  }
  return controller.request;
};

const requireCount = ({ stream }, count) => {
  if (stream.state === "closed" && count !== 0) {
    throw new TypeError("A closed stream takes no bytes any more: respond with 0");
  }
  if (stream.state !== "closed" && count === 0) {
    throw new TypeError("A response has at least one byte, as long as the stream is open");
  }
};

const respond = (controller, count) => {
  const [first] = controller.pending;
  requireCount(controller, count);
  if (first.filled + count > first.length) {
    throw new RangeError(`The view has room for ${first.length - first.filled} bytes, not ${count}`);
  }
  first.buffer = transferBuffer(first.buffer);
  finishRespond(controller, count);
};

const respondWithView = (controller, view) => {
  const [first] = controller.pending;
  requireCount(controller, view.byteLength);
  if (
    first.offset + first.filled !== view.byteOffset ||
    first.bufferLength !== view.buffer.byteLength ||
    first.filled + view.byteLength > first.length
  ) {
    throw new RangeError("The new view must be of the same place in a buffer of the same length");
  }
  const { byteLength } = view;
  first.buffer = transferBuffer(view.buffer);
  finishRespond(controller, byteLength);
};

const finishRespond = (controller, count) => {
  const { stream } = controller;
  const [first] = controller.pending;
  forgetRequest(controller);
  if (stream.state === "closed") {
    if (first.reader === "none") controller.pending.shift();
    if (stream.reader?.byob) {
      const filled = stream.reader.requests.map(() => controller.pending.shift());
      for (const into of filled) commitPullInto(stream, into);
    }
  } else {
    takeResponse(controller, first, count);
  }
  pullIfWanted(controller);
};

const takeResponse = (controller, first, count) => {
  first.filled += count;
  if (first.reader === "none") {
    keepOfReleased(controller, first);
    commitPending(controller);
    return;
  }
  if (first.filled < first.minimum) return;
  controller.pending.shift();
  const rest = first.filled % first.elementSize;
  if (rest > 0) {
    const end = first.offset + first.filled;
    enqueueCopy(controller, first.buffer, end - rest, rest);
    first.filled -= rest;
  }
  const filled = fillPending(controller);
  commitPullInto(controller.stream, first);
  for (const into of filled) commitPullInto(controller.stream, into);
};
