// Streams of bytes, as bodies and blobs need them.

const streamOfBytes = (bytes) =>
  new ReadableStream({
    start(controller) {
      if (bytes.length > 0) controller.enqueue(bytes);
      controller.close();
    },
  });

const isDisturbed = (stream) => stateOfStream(stream).disturbed;

// In one array that nobody else has, since sources may keep their chunks.
const readAllBytes = async (stream) => {
  const reader = new ReadableStreamDefaultReader(stream);
  const pieces = [];
  for (let result = await reader.read(); !result.done; result = await reader.read()) {
    if (!(result.value instanceof Uint8Array)) {
      const error = new TypeError(
        `A body's stream must give chunks of Uint8Array, but gave ${describe(result.value)}`,
      );
      reader.cancel(error).catch(() => {});
      throw error;
    }
    pieces.push(result.value);
  }
  return pieces.length === 1 ? new Uint8Array(pieces[0]) : concatBytes(pieces);
};
