// Buffer's readInt16LE, writeDoubleBE and their like, with Node's range errors.

const KINDS = { // name in Node -> [name in DataView, bytes]
  Int8: ["Int8", 1], UInt8: ["Uint8", 1], Int16: ["Int16", 2], UInt16: ["Uint16", 2],
  Int32: ["Int32", 4], UInt32: ["Uint32", 4], Float: ["Float32", 4], Double: ["Float64", 8],
  BigInt64: ["BigInt64", 8], BigUInt64: ["BigUint64", 8],
};

const outOfRange = (what, allowed, found) => {
  const error = new RangeError(
    `The value of "${what}" is out of range. It must be ${allowed}. Received ${found}`,
  );
  error.code = "ERR_OUT_OF_RANGE";
  return error;
};

const viewAt = (bytes, offset, size) => {
  if (typeof offset !== "number") {
    const error = new TypeError(
      `The "offset" argument must be of type number. Received ${typeof offset}`,
    );
    error.code = "ERR_INVALID_ARG_TYPE";
    throw error;
  }
  const last = bytes.length - size;
  if (!Number.isInteger(offset)) throw outOfRange("offset", "an integer", offset);
  if (offset < 0 || offset > last) throw outOfRange("offset", `>= 0 and <= ${last}`, offset);
  return new DataView(bytes.buffer, bytes.byteOffset + offset, size);
};

const checkInteger = (value, bits, signed) => {
  const least = signed ? -(2 ** (bits - 1)) : 0;
  const most = signed ? 2 ** (bits - 1) - 1 : 2 ** bits - 1;
  if (value < least || value > most) {
    throw outOfRange("value", `>= ${least} and <= ${most}`, value);
  }
};

const addKind = (target, kind, [name, size], endian) => {
  const little = endian === "LE", suffix = size === 1 ? "" : endian;
  const whole = /^U?Int/.test(kind);
  target[`read${kind}${suffix}`] = function (offset = 0) {
    return viewAt(this, offset, size)[`get${name}`](0, little);
  };
  target[`write${kind}${suffix}`] = function (value, offset = 0) {
    if (whole) checkInteger(Number(value), 8 * size, kind.startsWith("Int"));
    viewAt(this, offset, size)[`set${name}`](0, value, little);
    return offset + size;
  };
};

// Integers of 1 to 6 bytes.
const addVariable = (target, signed, endian) => {
  const name = signed ? "Int" : "UInt", little = endian === "LE";
  const place = (i, size) => (little ? size - 1 - i : i);
  target[`read${name}${endian}`] = function (offset, size) {
    const view = viewAt(this, offset, size);
    let value = 0;
    for (let i = 0; i < size; i += 1) value = value * 256 + view.getUint8(place(i, size));
    return signed && value >= 2 ** (8 * size - 1) ? value - 2 ** (8 * size) : value;
  };
  target[`write${name}${endian}`] = function (value, offset, size) {
    checkInteger(value, 8 * size, signed);
    const view = viewAt(this, offset, size);
    let rest = value < 0 ? value + 2 ** (8 * size) : value;
    for (let i = size - 1; i >= 0; i -= 1) {
      view.setUint8(place(i, size), rest % 256);
      rest = Math.floor(rest / 256);
    }
    return offset + size;
  };
};

const swap = (bytes, size) => {
  if (bytes.length % size !== 0) {
    throw new RangeError(`Buffer size must be a multiple of ${8 * size}-bits`);
  }
  for (let at = 0; at < bytes.length; at += size) bytes.subarray(at, at + size).reverse();
  return bytes;
};

export const addNumbers = (prototype) => {
  const methods = {};
  for (const [kind, found] of Object.entries(KINDS)) {
    for (const endian of found[1] === 1 ? ["LE"] : ["LE", "BE"]) addKind(methods, kind, found, endian);
  }
  for (const endian of ["LE", "BE"]) {
    addVariable(methods, false, endian);
    addVariable(methods, true, endian);
  }
  for (const size of [2, 4, 8]) {
    methods[`swap${8 * size}`] = function () {
      return swap(this, size);
    };
  }
  for (const [name, value] of Object.entries(methods)) {
    for (const alias of [name, name.replace("UInt", "Uint")]) {
      Object.defineProperty(prototype, alias, { value, writable: true, configurable: true });
    }
  }
};
