// The other encodings a TextDecoder knows, and the labels that name them. Each encoding is
// {decode(bytes, fatal), openEnd(bytes)}; openEnd as utf8OpenEnd.

const utf16Units = (bytes, littleEndian) => {
  const units = new Uint16Array(bytes.length >> 1);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let i = 0; i < units.length; i += 1) {
    units[i] = view.getUint16(2 * i, littleEndian);
  }
  return units;
};

const unitsToText = (units) => {
  const pieces = [];
  for (let at = 0; at < units.length; at += 8192) {
    pieces.push(String.fromCharCode.apply(null, units.subarray(at, at + 8192)));
  }
  return pieces.join("");
};

const utf16 = (littleEndian) => ({
  decode(bytes, fatal) {
    const odd = bytes.length % 2 === 1;
    let text = unitsToText(utf16Units(bytes, littleEndian));
    // An odd byte right after a high surrogate makes one error with it, not two.
    if (odd && /[\ud800-\udbff]$/.test(text) && !text.isWellFormed()) {
      text = text.slice(0, -1);
    }
    if (fatal && (odd || !text.isWellFormed())) {
      throw new TypeError(`The bytes are not valid UTF-16${littleEndian ? "LE" : "BE"}`);
    }
    return text.toWellFormed() + (odd ? "\ufffd" : "");
  },
  openEnd(bytes) {
    const odd = bytes.length % 2;
    const even = bytes.length - odd;
    if (even === 0) {
      return odd;
    }
    const high = bytes[littleEndian ? even - 1 : even - 2];
    return high >= 0xd8 && high <= 0xdb ? odd + 2 : odd;
  },
});

// What windows-1252 has at 0x80 to 0x9F, where Latin-1 has control characters.
const WINDOWS_1252 =
  "\u20ac\x81\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\x8d\u017d\x8f" +
  "\x90\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\x9d\u017e\u0178";

const windows1252 = {
  decode: (bytes) =>
    bytesToLatin1(bytes).replace(/[\x80-\x9f]/g, (c) => WINDOWS_1252[c.charCodeAt(0) - 0x80]),
  openEnd: () => 0,
};

const ENCODINGS = {
  "utf-8": { decode: utf8DecodeKeepingBom, openEnd: utf8OpenEnd },
  "utf-16le": utf16(true),
  "utf-16be": utf16(false),
  "windows-1252": windows1252,
};

const ENCODING_LABELS = {
  "utf-8": "unicode-1-1-utf-8 unicode11utf8 unicode20utf8 utf-8 utf8 x-unicode20utf8",
  "utf-16le": "csunicode iso-10646-ucs-2 ucs-2 unicode unicodefeff utf-16 utf-16le",
  "utf-16be": "unicodefffe utf-16be",
  "windows-1252":
    "ansi_x3.4-1968 ascii cp1252 cp819 csisolatin1 ibm819 iso-8859-1 iso-ir-100 iso8859-1 " +
    "iso88591 iso_8859-1 iso_8859-1:1987 l1 latin1 us-ascii windows-1252 x-cp1252",
};

const encodingFromLabel = (label) => {
  const wanted = label.replace(/^[\t\n\f\r ]+|[\t\n\f\r ]+$/g, "").toLowerCase();
  const known = Object.keys(ENCODINGS).find(
    (name) => ENCODING_LABELS[name].split(" ").includes(wanted),
  );
  return known ?? part("legacy-text").legacyFromLabel(wanted);
};
