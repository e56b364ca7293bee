// What a ReadableStream is inside: a plain record, worked on by these functions. The classes of
// the next files are its faces.
//
//   state      "readable", "closed" or "errored"; with `error`
//   queue      [{chunk, size}], its sizes added up in `queued`
//   requests   read() calls that wait: [{resolve, reject}]
//   isBytes    whether its source has the type "bytes", whose chunks are nobody else's
//   source     {pull, cancel}; `pulling`, `pullAgain`, `started`, `closing`

const newStreamState = () => ({
  state: "readable", error: undefined, disturbed: false, reader: undefined,
  queue: [], queued: 0, requests: [], source: undefined, controller: undefined,
  highWaterMark: 1, size: () => 1, isBytes: false,
  started: false, closing: false, pulling: false, pullAgain: false,
});

// A promise with its two ends; a rejection that nobody waits for is no error.
const quietPromise = () => {
  const ends = Promise.withResolvers();
  ends.promise.catch(() => {});
  return ends;
};

const desiredSize = (stream) => {
  if (stream.state === "errored") return null;
  return stream.state === "closed" ? 0 : stream.highWaterMark - stream.queued;
};

const mayEnqueue = (stream) => stream.state === "readable" && !stream.closing;

const wantsMore = (stream) =>
  mayEnqueue(stream) && stream.started && (stream.requests.length > 0 || desiredSize(stream) > 0);

const pullIfWanted = (stream) => {
  if (!wantsMore(stream)) {
    return;
  }
  if (stream.pulling) {
    stream.pullAgain = true;
    return;
  }
  stream.pulling = true;
  promiseOf(() => stream.source.pull(stream.controller)).then(
    () => {
      stream.pulling = false;
      if (stream.pullAgain) {
        stream.pullAgain = false;
        pullIfWanted(stream);
      }
    },
    (error) => errorStream(stream, error),
  );
};

// What a source's function returns or throws, as a promise.
const promiseOf = (call) => {
  try {
    return Promise.resolve(call());
  } catch (error) {
    return Promise.reject(error);
  }
};

const enqueueChunk = (stream, chunk) => {
  if (stream.requests.length > 0) {
    stream.requests.shift().resolve({ value: chunk, done: false });
  } else {
    const size = measureChunk(stream, chunk);
    stream.queue.push({ chunk, size });
    stream.queued += size;
  }
  pullIfWanted(stream);
};

const measureChunk = (stream, chunk) => {
  try {
    const size = +(0, stream.size)(chunk);
    if (!(size >= 0 && size < Infinity)) {
      throw new RangeError(`The size of a chunk must be 0 or more, and finite, not ${size}`);
    }
    return size;
  } catch (error) {
    errorStream(stream, error);
    throw error;
  }
};

const finishStream = (stream) => {
  stream.state = "closed";
  stream.source = undefined;
  stream.reader?.closed.resolve(undefined);
  for (const { resolve } of stream.requests.splice(0)) resolve({ value: undefined, done: true });
};

// Closes the stream at the end of its source; readers still get the queued chunks.
const closeStream = (stream) => {
  stream.closing = true;
  if (stream.queue.length === 0) finishStream(stream);
};

const errorStream = (stream, error) => {
  if (stream.state !== "readable") {
    return;
  }
  Object.assign(stream, { state: "errored", error, queue: [], queued: 0, source: undefined });
  stream.reader?.closed.reject(error);
  for (const { reject } of stream.requests.splice(0)) reject(error);
};

const readChunk = (stream) => {
  stream.disturbed = true;
  if (stream.state === "closed") return Promise.resolve({ value: undefined, done: true });
  if (stream.state === "errored") return Promise.reject(stream.error);
  if (stream.queue.length > 0) {
    const { chunk, size } = stream.queue.shift();
    stream.queued = Math.max(0, stream.queued - size);
    if (stream.closing && stream.queue.length === 0) finishStream(stream);
    else pullIfWanted(stream);
    return Promise.resolve({ value: chunk, done: false });
  }
  const request = Promise.withResolvers();
  stream.requests.push(request);
  pullIfWanted(stream);
  return request.promise;
};

const cancelStream = (stream, reason) => {
  stream.disturbed = true;
  if (stream.state === "closed") return Promise.resolve(undefined);
  if (stream.state === "errored") return Promise.reject(stream.error);
  const { source } = stream;
  Object.assign(stream, { queue: [], queued: 0 });
  finishStream(stream);
  return promiseOf(() => source.cancel(reason)).then(() => undefined);
};
