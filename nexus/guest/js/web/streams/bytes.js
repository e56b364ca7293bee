// Streams of bytes, as bodies and blobs need them.

const streamOfBytes = (bytes) =>
  new ReadableStream({
    start(controller) {
      if (bytes.length > 0) controller.enqueue(bytes);
      controller.close();
    },
  });

const isDisturbed = (stream) => stateOfStream(stream).disturbed;

// Calls `take` with each chunk of a body's stream.
const readChunks = async (stream, take) => {
  const reader = new ReadableStreamDefaultReader(stream);
  for (let result = await reader.read(); !result.done; result = await reader.read()) {
    if (!(result.value instanceof Uint8Array)) {
      const error = new TypeError(
        `A body's stream must give chunks of Uint8Array, but gave ${describe(result.value)}`,
      );
      reader.cancel(error).catch(() => {});
      throw error;
    }
    take(result.value);
  }
};

// In one array that nobody else has, since sources may keep their chunks.
const readAllBytes = async (stream) => {
  const pieces = [];
  await readChunks(stream, (piece) => {
    pieces.push(piece);
  });
  return pieces.length === 1 ? new Uint8Array(pieces[0]) : concatBytes(pieces);
};
