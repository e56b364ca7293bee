// Converts arguments by the rules of Web IDL; throws a TypeError that names the value found and
// the values allowed.

const need = (args, count, what) => {
  if (args.length < count) {
    const noun = count === 1 ? "argument" : "arguments";
    throw new TypeError(`${what} needs ${count} ${noun}, but got ${args.length}`);
  }
};

// A template refuses symbols, which String() accepts.
const toText = (value) => `${value}`;

// A string without lone surrogates, as everything that becomes UTF-8 must be.
const toUSV = (value) => `${value}`.toWellFormed();

const WIDE = /[^\x00-\xff]/u;

const toByteString = (value, what) => {
  const text = `${value}`;
  const found = WIDE.exec(text);
  if (found) {
    throw new TypeError(
      `${what} must hold characters up to U+00FF only, but has ${JSON.stringify(found[0])} at ` +
      `position ${found.index}`,
    );
  }
  return text;
};

// undefined and null stand for an empty dictionary.
const toDictionary = (value, what) => {
  if (value === undefined || value === null) {
    return {};
  }
  if (typeof value !== "object" && typeof value !== "function") {
    throw new TypeError(`${what} must be an object, but is ${describe(value)}`);
  }
  return value;
};

// An integer with [EnforceRange].
const toRange = (value, most, what) => {
  const number = Math.trunc(+value);
  if (!(number >= 0 && number <= most)) {
    throw new TypeError(`${what} must be a number from 0 to ${most}, not ${describe(value)}`);
  }
  return number + 0;
};

// `unsigned short` without [EnforceRange]: wraps around at 2^16.
const toUnsignedShort = (value) => {
  const number = Math.trunc(+value) % 0x10000;
  return number < 0 ? number + 0x10000 : number || 0;
};

// `long long` with [Clamp].
const toClampedInteger = (value) => {
  const number = Math.min(Math.max(+value, -Number.MAX_SAFE_INTEGER), Number.MAX_SAFE_INTEGER);
  if (Number.isNaN(number)) {
    return 0;
  }
  const floor = Math.floor(number);
  const even = floor % 2 === 0 ? floor : floor + 1;
  return number - floor === 0.5 ? even + 0 : Math.round(number) + 0;
};

const describe = (value) => {
  if (value === null || value === undefined) {
    return String(value);
  }
  if (typeof value === "object") {
    return `an object of class ${value.constructor?.name ?? "Object"}`;
  }
  return typeof value === "string" ? JSON.stringify(value) : `${typeof value} ${String(value)}`;
};
