// What a ReadableStream is inside: a record, worked on by these functions. The classes of later
// files are its faces.
//
//   state       "readable", "closed" or "errored"; with `error`
//   reader      {stream, closed, requests, byob}: a request is {chunk, close, error}
//   controller  {cancelSteps, pullSteps, releaseSteps, …}: see the next files
//   isBytes     whether its source has the type "bytes", whose chunks are nobody else's

const newReadable = () => ({
  face: undefined, state: "readable", error: undefined, disturbed: false, reader: undefined,
  controller: undefined, isBytes: false,
});

const openReader = (stream, byob = false) => {
  if (stream.reader) throw new TypeError("The stream is locked to a reader");
  if (byob && !stream.isBytes) {
    throw new TypeError("Only a stream of the type \"bytes\" has BYOB readers");
  }
  const closed = stream.state === "errored" ? failedEnds(stream.error)
    : stream.state === "closed" ? settledEnds() : newEnds();
  const reader = { stream, closed, requests: [], byob };
  stream.reader = reader;
  return reader;
};

const releaseReader = (reader) => {
  const { stream } = reader;
  const error = new TypeError("The reader has released its lock");
  failEnds(reader, "closed", error);
  stream.controller.releaseSteps();
  stream.reader = undefined;
  reader.stream = undefined;
  for (const request of reader.requests.splice(0)) request.error(error);
};

const waitingReads = (stream, byob) =>
  stream.reader?.byob === byob ? stream.reader.requests.length : 0;

const closeReadable = (stream) => {
  stream.state = "closed";
  const { reader } = stream;
  if (!reader) return;
  reader.closed.resolve(undefined);
  if (!reader.byob) for (const request of reader.requests.splice(0)) request.close();
};

const errorReadable = (stream, error) => {
  stream.state = "errored";
  stream.error = error;
  const { reader } = stream;
  if (!reader) return;
  reader.closed.reject(error);
  quiet(reader.closed.promise);
  for (const request of reader.requests.splice(0)) request.error(error);
};

const cancelReadable = (stream, reason) => {
  stream.disturbed = true;
  if (stream.state === "closed") return resolvedWith(undefined);
  if (stream.state === "errored") return rejectedWith(stream.error);
  closeReadable(stream);
  if (stream.reader?.byob) {
    for (const request of stream.reader.requests.splice(0)) request.close(undefined);
  }
  return upon(stream.controller.cancelSteps(reason), noop);
};

// Reads with a request, at once where a chunk is there.
const readInto = (reader, request) => {
  const { stream } = reader;
  stream.disturbed = true;
  if (stream.state === "closed") request.close();
  else if (stream.state === "errored") request.error(stream.error);
  else stream.controller.pullSteps(request);
};

const requestWithEnds = (ends) => ({
  chunk: (value) => ends.resolve({ value, done: false }),
  close: (value) => ends.resolve({ value, done: true }),
  error: (error) => ends.reject(error),
});
