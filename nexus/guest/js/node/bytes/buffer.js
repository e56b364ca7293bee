// node:buffer: Buffer, a Uint8Array that knows encodings and numbers.

import { decode, encode, encodingNamed, requireEncoding } from "node:nexus/codecs";
import { addNumbers } from "node:nexus/numbers";

const viewOf = (array) => new FastBuffer(array.buffer, array.byteOffset, array.byteLength);

const copied = (bytes) => {
  const made = new FastBuffer(bytes.length);
  made.set(bytes);
  return made;
};

const wrong = (value) => {
  const shown = value === null ? "null" : typeof value;
  const error = new TypeError(
    "The first argument must be of type string or an instance of Buffer, ArrayBuffer, or Array " +
    `or an Array-like Object. Received ${shown}`,
  );
  error.code = "ERR_INVALID_ARG_TYPE";
  return error;
};

// A string's bytes, or a number or Uint8Array as they are: what is looked for or filled in.
const needle = (value, encoding) => {
  if (typeof value === "string") return encode(value, encoding);
  return typeof value === "number" ? Uint8Array.of(value & 0xff) : value;
};

const limit = (value, least, most, otherwise) => {
  if (value === undefined) return otherwise;
  const whole = Math.trunc(value) || 0;
  return Math.min(Math.max(whole < 0 ? least : whole, least), most);
};

const order = (a, b) => {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i += 1) {
    if (a[i] !== b[i]) return a[i] < b[i] ? -1 : 1;
  }
  return Math.sign(a.length - b.length);
};

const startsAt = (bytes, wanted, at) => wanted.every((byte, i) => bytes[at + i] === byte);

// What instances inherit. `Buffer` itself is a function, since old packages call it without `new`;
// so are the functions that allocate, since some call them with it.
class FastBuffer extends Uint8Array {
  get parent() { return this.buffer; }
  get offset() { return this.byteOffset; }

  toString(encoding = undefined, start = 0, end = this.length) {
    const from = limit(start, 0, this.length, 0), to = limit(end, 0, this.length, this.length);
    requireEncoding(encoding);
    return to <= from ? "" : decode(from === 0 && to === this.length ? this : this.subarray(from, to), encoding);
  }

  toLocaleString(encoding, start, end) {
    return this.toString(encoding, start, end);
  }

  toJSON() {
    return { type: "Buffer", data: Array.from(this) };
  }

  equals(other) {
    return this === other || order(this, other) === 0;
  }

  compare(target, from = 0, to = target.length, start = 0, end = this.length) {
    return order(this.subarray(start, end), target.subarray(from, to));
  }

  // Node's slice shares memory, unlike that of other typed arrays.
  slice(start, end) {
    return this.subarray(start, end);
  }

  copy(target, at = 0, start = 0, end = this.length) {
    const part = this.subarray(start, Math.min(end, start + Math.max(0, target.length - at)));
    target.set(part, at);
    return part.length;
  }

  write(text, offset = 0, length = undefined, encoding = undefined) {
    if (typeof offset === "string") return this.write(text, 0, undefined, offset);
    if (typeof length === "string") return this.write(text, offset, undefined, length);
    const room = Math.min(length ?? Infinity, this.length - offset);
    const bytes = encode(text, encoding);
    let size = Math.min(bytes.length, room);
    if (requireEncoding(encoding) === "utf8") {
      while (size > 0 && size < bytes.length && (bytes[size] & 0xc0) === 0x80) size -= 1; // whole characters
    }
    this.set(bytes.subarray(0, size), offset);
    return size;
  }

  fill(value, start = 0, end = this.length, encoding = undefined) {
    if (typeof start === "string") return this.fill(value, 0, this.length, start);
    if (typeof end === "string") return this.fill(value, start, this.length, end);
    const pattern = needle(value, encoding);
    if (pattern.length === 0) return super.fill(0, start, end);
    if (pattern.length === 1) return super.fill(pattern[0], start, end);
    for (let at = start, i = 0; at < end; at += 1, i += 1) this[at] = pattern[i % pattern.length];
    return this;
  }

  indexOf(value, offset = 0, encoding = undefined) {
    if (typeof offset === "string") return this.indexOf(value, 0, offset);
    const wanted = needle(value, encoding), from = Number(offset) || 0;
    const first = Math.max(0, from < 0 ? this.length + from : from);
    if (wanted.length === 0) return Math.min(first, this.length);
    if (wanted.length === 1) return super.indexOf(wanted[0], first);
    for (let at = super.indexOf(wanted[0], first); at >= 0; at = super.indexOf(wanted[0], at + 1)) {
      if (at + wanted.length <= this.length && startsAt(this, wanted, at)) return at;
    }
    return -1;
  }

  lastIndexOf(value, offset = this.length, encoding = undefined) {
    if (typeof offset === "string") return this.lastIndexOf(value, this.length, offset);
    const wanted = needle(value, encoding);
    const from = offset < 0 ? this.length + offset : offset;
    for (let at = Math.min(from, this.length - wanted.length); at >= 0; at -= 1) {
      if (startsAt(this, wanted, at)) return at;
    }
    return -1;
  }

  includes(value, offset, encoding) {
    return this.indexOf(value, offset, encoding) >= 0;
  }
}

export function Buffer(value, encodingOrOffset, length) {
  return typeof value === "number" ? Buffer.alloc(value) : Buffer.from(value, encodingOrOffset, length);
}

Object.setPrototypeOf(Buffer, Uint8Array);
Buffer.prototype = FastBuffer.prototype;
Object.defineProperty(FastBuffer.prototype, "constructor", { value: Buffer, writable: true, configurable: true });
Object.defineProperty(Buffer, Symbol.species, { value: FastBuffer, configurable: true });
Object.assign(Buffer, {
  poolSize: 8192,

  from(value, encodingOrOffset, length) {
    if (typeof value === "string") return viewOf(encode(value, encodingOrOffset));
    if (value === null || typeof value !== "object") throw wrong(value);
    if (value instanceof ArrayBuffer || Object.prototype.toString.call(value) === "[object SharedArrayBuffer]") {
      return new FastBuffer(value, encodingOrOffset ?? 0, length);
    }
    if (ArrayBuffer.isView(value) || Array.isArray(value)) return copied(value);
    if (value.type === "Buffer" && Array.isArray(value.data)) return copied(value.data);
    const primitive = value.valueOf?.();
    if (primitive !== null && primitive !== undefined && primitive !== value) {
      return Buffer.from(primitive, encodingOrOffset, length);
    }
    if (typeof value[Symbol.toPrimitive] === "function") {
      return Buffer.from(value[Symbol.toPrimitive]("string"), encodingOrOffset);
    }
    if (typeof value.length === "number") return copied(Array.from(value));
    throw wrong(value);
  },

  of(...bytes) {
    return copied(bytes);
  },

  alloc: function (size, fill = undefined, encoding = undefined) {
    const made = new FastBuffer(size);
    return fill === undefined ? made : made.fill(fill, encoding);
  },

  allocUnsafe: function (size) {
    return new FastBuffer(size);
  },

  allocUnsafeSlow: function (size) {
    return new FastBuffer(size);
  },

  isBuffer(value) {
    return value instanceof Buffer;
  },

  isEncoding(name) {
    return typeof name === "string" && encodingNamed(name) !== undefined;
  },

  byteLength(value, encoding = undefined) {
    return typeof value === "string" ? encode(value, encoding).length : value.byteLength;
  },

  compare(a, b) {
    return order(a, b);
  },

  concat(list, total = undefined) {
    const length = total ?? list.reduce((sum, { length: one }) => sum + one, 0);
    const made = new FastBuffer(length);
    let at = 0;
    for (const one of list) {
      if (at >= length) break;
      const part = one.length > length - at ? one.subarray(0, length - at) : one;
      made.set(part, at);
      at += part.length;
    }
    return made;
  },
});

addNumbers(FastBuffer.prototype);

// Undocumented, and yet used by packages that parse.
for (const encoding of ["ascii", "base64", "base64url", "hex", "latin1", "ucs2", "utf8"]) {
  Object.defineProperty(FastBuffer.prototype, `${encoding}Slice`, {
    value(start, end) { return this.toString(encoding, start, end); },
    writable: true, configurable: true,
  });
  Object.defineProperty(FastBuffer.prototype, `${encoding}Write`, {
    value(text, offset, length) { return this.write(text, offset, length, encoding); },
    writable: true, configurable: true,
  });
}

export const constants = { MAX_LENGTH: 2 ** 31 - 1, MAX_STRING_LENGTH: 2 ** 30 - 1 };
export const kMaxLength = constants.MAX_LENGTH;
export const INSPECT_MAX_BYTES = 50;
export const { atob, btoa, Blob, File } = globalThis;
export const isUtf8 = (bytes) => {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
};
export const isAscii = (bytes) => new Uint8Array(bytes.buffer ?? bytes).every((byte) => byte < 0x80);

export function SlowBuffer(size) {
  return Buffer.allocUnsafe(size);
}

export default {
  Buffer, SlowBuffer, constants, kMaxLength, INSPECT_MAX_BYTES, atob, btoa, Blob, File, isUtf8, isAscii,
};
