// The body that Request and Response share:
//
//   bytes   the content, if it is known without reading
//   stream  a ReadableStream: given by the user, or made of the bytes when `body` is asked for
//   used    the bytes were read; with a stream, the stream tells
//   owned   nobody else has the bytes: they may be given away, to be written to or transferred

const newBody = (fields) =>
  ({ bytes: undefined, stream: undefined, used: false, owned: false, ...fields });

// {body, type}: what a BodyInit stands for, and the Content-Type it brings, if any.
const extractBody = (value) => {
  if (typeof value === "object") {
    if (value instanceof ReadableStream) return { body: bodyOfStream(value), type: null };
    if (value instanceof Blob) {
      return { body: newBody({ bytes: blobBytes(value) }), type: value.type || null };
    }
    if (value instanceof URLSearchParams) {
      const bytes = utf8Encode(value.toString());
      const type = "application/x-www-form-urlencoded;charset=UTF-8";
      return { body: newBody({ bytes, owned: true }), type };
    }
    if (value instanceof FormData) {
      const boundary = newBoundary();
      const bytes = writeMultipart(value, boundary);
      const type = `multipart/form-data; boundary=${boundary}`;
      return { body: newBody({ bytes, owned: true }), type };
    }
    if (isBufferSource(value)) {
      return { body: newBody({ bytes: copyBytes(value), owned: true }), type: null };
    }
  }
  const bytes = utf8Encode(toText(value));
  return { body: newBody({ bytes, owned: true }), type: "text/plain;charset=UTF-8" };
};

const bodyOfStream = (stream) => {
  if (stream.locked || isDisturbed(stream)) {
    throw new TypeError("A body cannot be a stream that is locked or was read from already");
  }
  return newBody({ stream });
};

const bodyUsed = (body) =>
  body !== null && (body.stream ? isDisturbed(body.stream) : body.used);

const bodyStream = (body) => {
  if (!body.stream) {
    // The reader of the chunk may write to it.
    body.stream = streamOfBytes(body.owned || body.used ? body.bytes : body.bytes.slice());
    if (body.used) body.stream.cancel();
    body.owned = false; // from now on the chunk does
  }
  return body.stream;
};

const requireUnused = (body, what) => {
  if (bodyUsed(body) || body?.stream?.locked) {
    const why = bodyUsed(body) ? "was read already" : "is locked to a reader";
    throw new TypeError(`Cannot ${what}: the body ${why}`);
  }
};

// Returns the bytes of a body, once; no other object shares them.
const takeBytes = async (body, what) => {
  requireUnused(body, what);
  if (body === null) return new Uint8Array(0);
  if (body.bytes) {
    body.used = true;
    if (body.stream) body.stream.cancel();
    return body.owned ? body.bytes : body.bytes.slice();
  }
  return readAllBytes(body.stream);
};

const cloneChunk = (chunk) => cloneValue(chunk, new Map());

// The same bytes again. A stream becomes two, which share no chunk.
const cloneBody = (body) => {
  requireUnused(body, "clone");
  if (body === null) return null;
  if (body.bytes && !body.stream) {
    body.owned = false;
    return newBody({ bytes: body.bytes });
  }
  const [mine, other] = teeStream(body.stream, cloneChunk);
  Object.assign(body, { bytes: undefined, stream: mine });
  return newBody({ stream: other });
};
