// What a WritableStream is inside.
//
//   state          "writable", "erroring", "errored" or "closed"; with `error`
//   writer         {stream, closed, ready}
//   requests       writes that wait: ends; `writing`: the one under way
//   closeRequest   ends of a close that waits; `closingNow`: of the one under way
//   pendingAbort   {ends, reason, wasErroring}

const newWritable = () => ({
  face: undefined, state: "writable", error: undefined, writer: undefined, controller: undefined,
  requests: [], writing: undefined, closeRequest: undefined, closingNow: undefined,
  pendingAbort: undefined, backpressure: false,
});

const isClosing = (stream) =>
  stream.closeRequest !== undefined || stream.closingNow !== undefined;

const abortWritable = (stream, reason) => {
  const isOver = () => stream.state === "closed" || stream.state === "errored";
  if (isOver()) return resolvedWith(undefined);
  abortSignal(stream.controller.abortController.signal, reason);
  if (isOver()) return resolvedWith(undefined);
  if (stream.pendingAbort) return stream.pendingAbort.ends.promise;
  const wasErroring = stream.state === "erroring";
  const ends = newEnds();
  stream.pendingAbort = { ends, reason: wasErroring ? undefined : reason, wasErroring };
  if (!wasErroring) startErroring(stream, reason);
  return ends.promise;
};

const closeWritable = (stream) => {
  if (stream.state === "closed" || stream.state === "errored") {
    return rejectedWith(new TypeError(`Cannot close: the stream is ${stream.state}`));
  }
  const ends = newEnds();
  stream.closeRequest = ends;
  const { writer } = stream;
  if (writer && stream.backpressure && stream.state === "writable") writer.ready.resolve(undefined);
  closeController(stream.controller);
  return ends.promise;
};

const startErroring = (stream, reason) => {
  stream.state = "erroring";
  stream.error = reason;
  if (stream.writer) failEnds(stream.writer, "ready", reason);
  if (!stream.writing && !stream.closingNow && stream.controller.started) finishErroring(stream);
};

const dealWithRejection = (stream, error) => {
  if (stream.state === "writable") startErroring(stream, error);
  else finishErroring(stream);
};

const finishErroring = (stream) => {
  stream.state = "errored";
  resetQueue(stream.controller);
  for (const ends of stream.requests.splice(0)) ends.reject(stream.error);
  const { pendingAbort } = stream;
  stream.pendingAbort = undefined;
  if (!pendingAbort || pendingAbort.wasErroring) {
    pendingAbort?.ends.reject(stream.error);
    rejectClose(stream);
    return;
  }
  const { abort } = stream.controller;
  const aborted = abort(pendingAbort.reason);
  dropSink(stream.controller);
  upon(aborted, () => {
    pendingAbort.ends.resolve(undefined);
    rejectClose(stream);
  }, (error) => {
    pendingAbort.ends.reject(error);
    rejectClose(stream);
  });
};

const rejectClose = (stream) => {
  if (stream.closeRequest) {
    stream.closeRequest.reject(stream.error);
    stream.closeRequest = undefined;
  }
  if (stream.writer) {
    stream.writer.closed.reject(stream.error);
    quiet(stream.writer.closed.promise);
  }
};

const finishWrite = (stream, outcome) => {
  const ends = stream.writing;
  stream.writing = undefined;
  if (!outcome) {
    ends.resolve(undefined);
    return;
  }
  ends.reject(outcome.error);
  dealWithRejection(stream, outcome.error);
};

const finishClose = (stream, outcome) => {
  const ends = stream.closingNow;
  stream.closingNow = undefined;
  if (outcome) {
    ends.reject(outcome.error);
    stream.pendingAbort?.ends.reject(outcome.error);
    stream.pendingAbort = undefined;
    dealWithRejection(stream, outcome.error);
    return;
  }
  ends.resolve(undefined);
  if (stream.state === "erroring") {
    stream.error = undefined;
    stream.pendingAbort?.ends.resolve(undefined);
    stream.pendingAbort = undefined;
  }
  stream.state = "closed";
  stream.writer?.closed.resolve(undefined);
};

const setBackpressure = (stream, backpressure) => {
  if (stream.writer && backpressure !== stream.backpressure) {
    if (backpressure) stream.writer.ready = newEnds();
    else stream.writer.ready.resolve(undefined);
  }
  stream.backpressure = backpressure;
};
