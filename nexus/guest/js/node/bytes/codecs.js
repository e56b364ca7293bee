// Strings to bytes and back, in the encodings that Node's Buffer knows.

const NAMES = {
  __proto__: null,
  utf8: "utf8", "utf-8": "utf8", hex: "hex", base64: "base64", base64url: "base64url",
  ascii: "ascii", latin1: "latin1", binary: "latin1",
  ucs2: "utf16le", "ucs-2": "utf16le", utf16le: "utf16le", "utf-16le": "utf16le",
};

// The canonical name of an encoding, or undefined.
export const encodingNamed = (name) => NAMES[String(name).toLowerCase()];

export const requireEncoding = (name = "utf8") => {
  const found = encodingNamed(name ?? "utf8");
  if (found) return found;
  const error = new TypeError(`Unknown encoding: ${String(name)}`);
  error.code = "ERR_UNKNOWN_ENCODING";
  throw error;
};

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const PIECE = 8192; // arguments of one call

const fromUnits = (units) => {
  let text = "";
  for (let at = 0; at < units.length; at += PIECE) {
    text += String.fromCharCode.apply(null, units.subarray(at, at + PIECE));
  }
  return text;
};

const bytesOfUnits = (text) => {
  const bytes = new Uint8Array(2 * text.length);
  for (let i = 0; i < text.length; i += 1) {
    const unit = text.charCodeAt(i);
    bytes[2 * i] = unit & 0xff;
    bytes[2 * i + 1] = unit >> 8;
  }
  return bytes;
};

// Node stops at the first character that is not hexadecimal, and skips those that are not base64.
const fromHex = (text) => {
  const good = /^(?:[0-9a-f]{2})*/i.exec(text)[0];
  return Uint8Array.fromHex(good);
};

const fromBase64 = (text) => {
  const end = text.indexOf("=");
  const digits = (end < 0 ? text : text.slice(0, end))
    .replace(/-/g, "+").replace(/_/g, "/").replace(/[^A-Za-z0-9+/]/g, "");
  const whole = digits.length % 4 === 1 ? digits.slice(0, -1) : digits;
  return Uint8Array.fromBase64(whole, { lastChunkHandling: "loose" });
};

const ENCODE = {
  __proto__: null,
  utf8: (text) => encoder.encode(text),
  hex: fromHex,
  base64: fromBase64,
  base64url: fromBase64,
  ascii: (text) => unitBytes(text),
  latin1: (text) => unitBytes(text),
  utf16le: bytesOfUnits,
};

const unitBytes = (text) => {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i += 1) bytes[i] = text.charCodeAt(i);
  return bytes;
};

const plain = (bytes) => new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);

const DECODE = {
  __proto__: null,
  utf8: (bytes) => decoder.decode(bytes),
  hex: (bytes) => plain(bytes).toHex(),
  base64: (bytes) => plain(bytes).toBase64(),
  base64url: (bytes) => plain(bytes).toBase64({ alphabet: "base64url", omitPadding: true }),
  ascii: (bytes) => fromUnits(plain(bytes).map((byte) => byte & 0x7f)),
  latin1: (bytes) => fromUnits(plain(bytes)),
  utf16le(bytes) {
    const units = new Uint16Array(bytes.byteLength >> 1);
    for (let i = 0; i < units.length; i += 1) units[i] = bytes[2 * i] | (bytes[2 * i + 1] << 8);
    return fromUnits(units);
  },
};

export const encode = (text, encoding) => ENCODE[requireEncoding(encoding)](text);
export const decode = (bytes, encoding) => DECODE[requireEncoding(encoding)](bytes);
