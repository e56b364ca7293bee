// The body that Request and Response share:
//
//   text    the content, if it is a string that nobody has needed as bytes yet
//   pieces  the content, if it is a list of strings, which json() may parse one by one
//   bytes   the content, if it is known without reading
//   remote  a RemoteBody, at the host, that nobody has needed as a stream yet
//   stream  a ReadableStream: given by the user, or made of the others when `body` is asked for
//   used    the bytes were read; with a stream, the stream tells
//   owned   nobody else has the bytes: they may be given away, to be written to or transferred

const streams = () => part("streams");
const isStream = (value) => isOf(value, "streams", "ReadableStream");

const newBody = ({ text, bytes, stream, remote, used = false, owned = false }) =>
  ({ text, bytes, stream, remote, used, owned });

// The body of an incoming request: of its bytes, or of its text in pieces. Leaves `sent` without them,
// as the call that brought them lasts longer than they may be needed.
const bodyOfRequest = (sent) => {
  if (sent.length > 1) {
    const body = newBody({});
    body.pieces = sent;
    return body;
  }
  const content = sent.pop();
  if (content === undefined) return null;
  return typeof content === "string"
    ? newBody({ text: content })
    : newBody({ bytes: content, owned: true });
};

const takePieces = (body, what) => {
  requireUnused(body, what);
  const { pieces } = body;
  Object.assign(body, { pieces: undefined, text: "", used: true });
  return pieces;
};

// Makes one text of a body in pieces.
const joinPieces = (body) => {
  if (body === null || !body.pieces) return;
  const { pieces } = body;
  body.pieces = undefined;
  body.text = "";
  for (let i = 0; i < pieces.length; i += 1) {
    body.text += pieces[i];
    pieces[i] = "";
  }
};

// The content as bytes, or undefined where only reading the stream tells.
const knownBytes = (body) => {
  if (body.pieces || (body.bytes === undefined && body.text !== undefined)) {
    body.bytes = body.pieces ? encodeLong(body.pieces) : utf8Encode(body.text);
    body.pieces = body.text = undefined;
    body.owned = true;
  }
  return body.bytes;
};

// {body, type}: what a BodyInit stands for, and the Content-Type it brings, if any.
const extractBody = (value) => {
  if (typeof value === "object") {
    if (isStream(value)) return { body: bodyOfStream(value), type: null };
    if (value instanceof Blob) {
      return { body: newBody({ bytes: blobBytes(value) }), type: value.type.trim() || null };
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
  return { body: newBody({ text: toUSV(value) }), type: "text/plain;charset=UTF-8" };
};

const bodyOfStream = (stream) => {
  if (stream.locked || streams().isDisturbed(stream)) {
    throw new TypeError("A body cannot be a stream that is locked or was read from already");
  }
  return newBody({ stream });
};

const bodyUsed = (body) =>
  body !== null && (body.stream ? streams().isDisturbed(body.stream) : body.used);

const bodyStream = (body) => {
  if (!body.stream && body.remote) {
    body.stream = streams().streamOfParts(body.remote);
    if (body.used) body.stream.cancel();
    body.remote = undefined;
  }
  if (!body.stream) {
    const bytes = knownBytes(body);
    // The reader of the chunk may write to it.
    body.stream = streams().streamOfBytes(body.owned || body.used ? bytes : bytes.slice());
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
  const bytes = knownBytes(body);
  if (bytes === undefined && body.stream) return streams().readAllBytes(body.stream);
  body.used = true;
  if (bytes === undefined) return readAllParts(body.remote);
  if (body.stream) body.stream.cancel();
  return body.owned ? bytes : bytes.slice();
};

const readAllParts = async (remote) => {
  const parts = [];
  for (let part; (part = await remote.read()) !== undefined;) parts.push(part);
  return parts.length === 1 ? parts[0] : concatBytes(parts);
};

// Like takeBytes, but gives a string as it is.
const takeContent = (body, what) => {
  joinPieces(body);
  if (body === null || body.text === undefined) return takeBytes(body, what);
  requireUnused(body, what);
  body.used = true;
  const { text } = body;
  body.text = ""; // a long string is wanted no longer than its reader wants it
  return text;
};

const withoutBom = (text) => (text.charCodeAt(0) === 0xfeff ? text.slice(1) : text);

const decodeLater = async (bytes) => utf8Decode(await bytes);

// Gives the text, or a promise of it: each job that a promise needs is a call from the host.
const takeText = (body, what) => {
  const content = takeContent(body, what);
  return typeof content === "string" ? withoutBom(content) : decodeLater(content);
};

// Returns the stream of a body whose content only reading it tells, else undefined.
const unreadStream = (body, what) => {
  joinPieces(body);
  if (body === null || body.text !== undefined || body.bytes !== undefined) return undefined;
  requireUnused(body, what);
  return bodyStream(body);
};

const cloneChunk = (chunk) => cloneValue(chunk, new Map());

// The same bytes again. A stream becomes two, which share no chunk.
const cloneBody = (body) => {
  requireUnused(body, "clone");
  if (body === null) return null;
  joinPieces(body);
  if (!body.stream && !body.remote) {
    body.owned = false;
    return newBody({ text: body.text, bytes: body.bytes });
  }
  const [mine, other] = streams().teeStream(bodyStream(body), cloneChunk);
  Object.assign(body, { bytes: undefined, stream: mine });
  return newBody({ stream: other });
};
