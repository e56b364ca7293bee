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

// Reads the parts of a RemoteBody as they are wanted.
const streamOfParts = (remote) => {
  const stream = makeReadable({
    start: noop,
    pull: () => upon(remote.read(), (part) => {
      if (stream.state !== "readable") return;
      if (part) enqueueView(stream.controller, part);
      if (!remote.isOpen) endBytes(stream.controller);
    }),
    cancel: () => {
      remote.close();
      return resolvedWith(undefined);
    },
    highWaterMark: 0, size: undefined, isBytes: true,
  });
  return stream.face;
};

// Also answers a reader that brought its own buffer, and waits.
const endBytes = (controller) => {
  closeBytes(controller);
  if (controller.pending.length > 0) respond(controller, 0);
};

const isDisturbed = (face) => stateOfStream(face).disturbed;

// Calls `take` with each chunk of a body's stream; returns a promise of the end.
const readChunks = (face, take) => {
  const reader = openReader(stateOfStream(face));
  const ends = newEnds();
  const request = {
    chunk: (chunk) => {
      try {
        if (!(chunk instanceof Uint8Array)) {
          throw new TypeError(
            `A body's stream must give chunks of Uint8Array, but gave ${describe(chunk)}`,
          );
        }
        take(chunk);
      } catch (error) {
        quiet(cancelReadable(reader.stream, error));
        ends.reject(error);
        return;
      }
      // A turn later, so that a long queue does not become a deep recursion.
      queueTask(() => readInto(reader, request));
    },
    close: () => ends.resolve(),
    error: (error) => ends.reject(error),
  };
  readInto(reader, request);
  return ends.promise;
};

// In one array that nobody else has, since sources may keep their chunks.
const readAllBytes = async (face) => {
  const pieces = [];
  await readChunks(face, (piece) => {
    pieces.push(piece);
  });
  return pieces.length === 1 ? new Uint8Array(pieces[0]) : concatBytes(pieces);
};
