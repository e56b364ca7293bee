// Bytes and strings. QuickJS has no call that turns a string into bytes, and a loop over its
// characters takes 0.2 s for a megabyte; these detours stay inside functions written in C
// (0.02 s for Latin-1, 0.06 s for UTF-8).

const { atob: decodeBase64, btoa: encodeBase64, decodeURIComponent, encodeURIComponent } =
  globalThis;
const { escape, unescape } = globalThis;

const NO_BYTES = new Uint8Array(0);

// One byte for each character up to U+00FF.
const latin1ToBytes = (text) => Uint8Array.fromBase64(encodeBase64(text));

const bytesToLatin1 = (bytes) => decodeBase64(bytes.toBase64());

const encodeShort = (text) => latin1ToBytes(unescape(encodeURIComponent(text.toWellFormed())));

const LONG_SLICE = 1 << 17;

// The bytes of all texts, which it takes out of the array; none but the last may end in half a pair.
// They go by slices: each detour takes several times its length in memory.
const encodeLong = (texts) => {
  let left = texts.reduce((sum, text) => sum + text.length, 0);
  let bytes = new Uint8Array(left);
  let end = 0;
  for (let i = 0; i < texts.length; i += 1) {
    const text = texts[i];
    texts[i] = "";
    for (let start = 0; start < text.length;) {
      let stop = Math.min(start + LONG_SLICE, text.length);
      const isHalf = (text.charCodeAt(stop - 1) & 0xfc00) === 0xd800;
      if (isHalf && stop < text.length) stop -= 1;
      const slice = encodeShort(text.slice(start, stop));
      left -= stop - start;
      const needed = end + slice.length + left;
      if (needed > bytes.length) bytes = new Uint8Array(bytes.buffer.transfer(needed));
      bytes.set(slice, end);
      end += slice.length;
      start = stop;
    }
  }
  return bytes;
};

const utf8Encode = (text) => {
  if (text === "") return new Uint8Array(0);
  return text.length > LONG_SLICE ? encodeLong([text]) : encodeShort(text);
};

const isBufferSource = (value) =>
  ArrayBuffer.isView(value) ||
  value instanceof ArrayBuffer ||
  value instanceof SharedArrayBuffer;

// The bytes of an ArrayBuffer or a view, shared with it. A detached one has none.
const viewBytes = (source) => {
  if (!ArrayBuffer.isView(source)) {
    return source.detached ? NO_BYTES : new Uint8Array(source);
  }
  if (source.buffer.detached) {
    return NO_BYTES;
  }
  return new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
};

// A message for the host: a line of JSON that lists the pieces' sizes, and the pieces.
const hostMessage = (fields, pieces = []) => concatBytes([
  utf8Encode(`${writeJSON({ ...fields, sizes: pieces.map((piece) => piece.length) })}\n`), ...pieces,
]);

const copyBytes = (source) => viewBytes(source).slice();

const toBytes = (value, what) => {
  if (!isBufferSource(value)) {
    throw new TypeError(
      `${what} must be an ArrayBuffer, a typed array or a DataView, but is ${describe(value)}`,
    );
  }
  return viewBytes(value);
};

const concatBytes = (pieces) => {
  if (pieces.length === 1) {
    return pieces[0];
  }
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let end = 0;
  for (const piece of pieces) {
    whole.set(piece, end);
    end += piece.length;
  }
  return whole;
};
