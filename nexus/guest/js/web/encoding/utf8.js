// UTF-8 bytes to a string, as the Encoding standard has it: each longest wrong start of a
// sequence becomes one U+FFFD.

const NON_ASCII = /[^\x00-\x7f]/;

// [length of the sequence, lowest second byte, highest second byte], or undefined.
const utf8Lead = (byte) => {
  if (byte >= 0xc2 && byte <= 0xdf) return [2, 0x80, 0xbf];
  if (byte === 0xe0) return [3, 0xa0, 0xbf];
  if (byte === 0xed) return [3, 0x80, 0x9f]; // no surrogates
  if (byte >= 0xe1 && byte <= 0xef) return [3, 0x80, 0xbf];
  if (byte === 0xf0) return [4, 0x90, 0xbf];
  if (byte >= 0xf1 && byte <= 0xf3) return [4, 0x80, 0xbf];
  if (byte === 0xf4) return [4, 0x80, 0x8f]; // not above U+10FFFF
  return undefined;
};

// How many bytes from `start` on belong together, and whether they are a whole sequence.
const utf8Sequence = (bytes, start) => {
  const lead = utf8Lead(bytes[start]);
  if (!lead) {
    return { length: 1, whole: false, open: false };
  }
  let [wanted, low, high] = lead;
  let length = 1;
  while (length < wanted && bytes[start + length] >= low && bytes[start + length] <= high) {
    length += 1;
    [low, high] = [0x80, 0xbf];
  }
  const open = start + length === bytes.length; // more bytes could still complete it
  return { length, whole: length === wanted, open };
};

// How many bytes at the end are the start of a sequence that the next chunk may complete.
const utf8OpenEnd = (bytes) => {
  for (let start = Math.max(0, bytes.length - 3); start < bytes.length; start += 1) {
    if (bytes[start] >= 0xc0) {
      const { length, whole, open } = utf8Sequence(bytes, start);
      if (!whole && open && start + length === bytes.length) {
        return length;
      }
    }
  }
  return 0;
};

const decodeWhole = (latin1) => decodeURIComponent(escape(latin1));

const decodeBroken = (bytes) => {
  const pieces = [];
  let good = 0;
  for (let at = 0; at < bytes.length;) {
    if (bytes[at] < 0x80) {
      at += 1;
      continue;
    }
    const { length, whole } = utf8Sequence(bytes, at);
    if (!whole) {
      if (good < at) pieces.push(decodeWhole(bytesToLatin1(bytes.subarray(good, at))));
      pieces.push("\ufffd");
      good = at + length;
    }
    at += length;
  }
  pieces.push(decodeWhole(bytesToLatin1(bytes.subarray(good))));
  return pieces.join("");
};

// Throws a TypeError for bytes that are no UTF-8 where `fatal`; leaves a BOM in place.
const utf8DecodeKeepingBom = (bytes, fatal = false) => {
  const latin1 = bytesToLatin1(bytes);
  if (!NON_ASCII.test(latin1)) {
    return latin1;
  }
  try {
    return decodeWhole(latin1);
  } catch {
    if (fatal) {
      throw new TypeError("The bytes are not valid UTF-8");
    }
    return decodeBroken(bytes);
  }
};

const utf8Decode = (bytes) => {
  const text = utf8DecodeKeepingBom(bytes);
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
};
