// Streams of bytes, as bodies and blobs need them.

// The only chunk is `bytes` itself: until somebody reads it, the caller may read them, too.
const streamOfBytes = (bytes) => {
  const stream = makeReadable({
    start: noop, pull: () => resolvedWith(undefined), cancel: () => resolvedWith(undefined),
    highWaterMark: 0, size: undefined, isBytes: true,
  });
  if (bytes.length > 0) {
    enqueueBytes(stream.controller, bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
  closeBytes(stream.controller);
  return stream.face;
};

const isDisturbed = (face) => stateOfStream(face).disturbed;

// In one array that nobody else has, since sources may keep their chunks.
const readAllBytes = (face) => {
  const reader = openReader(stateOfStream(face));
  const ends = newEnds();
  const pieces = [];
  const request = {
    chunk: (chunk) => {
      if (!(chunk instanceof Uint8Array)) {
        const error = new TypeError(
          `A body's stream must give chunks of Uint8Array, but gave ${describe(chunk)}`,
        );
        quiet(cancelReadable(reader.stream, error));
        ends.reject(error);
        return;
      }
      pieces.push(chunk);
      // A turn later, so that a long queue does not become a deep recursion.
      queueTask(() => readInto(reader, request));
    },
    close: () => ends.resolve(pieces.length === 1 ? new Uint8Array(pieces[0]) : concatBytes(pieces)),
    error: (error) => ends.reject(error),
  };
  readInto(reader, request);
  return ends.promise;
};
