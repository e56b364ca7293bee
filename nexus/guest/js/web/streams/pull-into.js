// The pending reads of a stream of bytes: each has a buffer to be filled. A descriptor is
// {buffer, bufferLength, offset, length, filled, minimum, elementSize, View, reader}, where `reader`
// is "byob", "default" (the stream allocated the buffer) or "none" (the reader has left).

const transferBuffer = (buffer) => {
  if (!(buffer instanceof ArrayBuffer) || buffer.detached) {
    throw new TypeError("A chunk's buffer must be one that can be transferred");
  }
  return buffer.transfer();
};

const newPullInto = (buffer, offset, length, minimum, elementSize, View, reader) => ({
  buffer, bufferLength: buffer.byteLength, offset, length, filled: 0, minimum, elementSize, View,
  reader,
});

const viewOfPullInto = ({ View, buffer, offset, filled, elementSize }) =>
  new View(transferBuffer(buffer), offset, filled / elementSize);

// Answers the reader's first request.
const commitPullInto = (stream, into) => {
  const done = stream.state === "closed";
  const view = viewOfPullInto(into);
  const request = stream.reader.requests.shift();
  if (done) request.close(view);
  else request.chunk(view);
};

const enqueueBytes = (controller, buffer, offset, length) => {
  controller.queue.push({ buffer, offset, length });
  controller.total += length;
};

const enqueueCopy = (controller, buffer, offset, length) => {
  let copy;
  try {
    copy = buffer.slice(offset, offset + length);
  } catch (error) {
    errorBytes(controller, error);
    throw error;
  }
  enqueueBytes(controller, copy, 0, length);
};

const takeFromHead = (controller, count, target, at) => {
  const [head] = controller.queue;
  target.set(new Uint8Array(head.buffer, head.offset, count), at);
  if (head.length === count) {
    controller.queue.shift();
  } else {
    head.offset += count;
    head.length -= count;
  }
  controller.total -= count;
};

// Fills from the queue; whether enough is there now.
const fillFromQueue = (controller, into) => {
  let left = Math.min(controller.total, into.length - into.filled);
  const aligned = into.filled + left - ((into.filled + left) % into.elementSize);
  const ready = aligned >= into.minimum;
  if (ready) left = aligned - into.filled;
  const target = new Uint8Array(into.buffer);
  while (left > 0) {
    const count = Math.min(left, controller.queue[0].length);
    takeFromHead(controller, count, target, into.offset + into.filled);
    into.filled += count;
    left -= count;
  }
  return ready;
};

const fillPending = (controller) => {
  const filled = [];
  while (controller.pending.length > 0 && controller.total > 0) {
    if (!fillFromQueue(controller, controller.pending[0])) break;
    filled.push(controller.pending.shift());
  }
  return filled;
};

const commitPending = (controller) => {
  for (const into of fillPending(controller)) commitPullInto(controller.stream, into);
};

const keepOfReleased = (controller, into) => {
  if (into.filled > 0) enqueueCopy(controller, into.buffer, into.offset, into.filled);
  controller.pending.shift();
};

// A read with a view of the user's, which becomes detached.
const pullInto = (controller, view, least, request) => {
  const { stream } = controller;
  const elementSize = view.BYTES_PER_ELEMENT ?? 1;
  const View = elementSize === 1 && !("BYTES_PER_ELEMENT" in view) ? DataView : view.constructor;
  const { byteOffset, byteLength } = view;
  let buffer;
  try {
    buffer = transferBuffer(view.buffer);
  } catch (error) {
    request.error(error);
    return;
  }
  const into = newPullInto(
    buffer, byteOffset, byteLength, least * elementSize, elementSize, View, "byob",
  );
  const hasBytes = controller.total > 0;
  if (controller.pending.length > 0) {
    controller.pending.push(into);
    stream.reader.requests.push(request);
  } else if (stream.state === "closed") {
    request.close(new View(into.buffer, into.offset, 0));
  } else if (hasBytes && fillFromQueue(controller, into)) {
    const filled = viewOfPullInto(into);
    closeIfDrained(controller);
    request.chunk(filled);
  } else if (hasBytes && controller.closing) {
    const error = new TypeError("The stream closes with fewer bytes than an element has");
    errorBytes(controller, error);
    request.error(error);
  } else {
    controller.pending.push(into);
    stream.reader.requests.push(request);
    pullIfWanted(controller);
  }
};
