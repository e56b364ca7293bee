// node:assert.

import { internal } from "node:nexus/internal";
import { equal as isEqual } from "node:nexus/equal";

export class AssertionError extends Error {
  constructor({ message, actual, expected, operator }) {
    super(message ?? `${internal.inspect(actual)} ${operator} ${internal.inspect(expected)}`);
    this.name = "AssertionError";
    this.code = "ERR_ASSERTION";
    this.generatedMessage = message === undefined;
    Object.assign(this, { actual, expected, operator });
  }
}

const check = (holds, message, actual, expected, operator) => {
  if (holds) return;
  if (message instanceof Error) throw message;
  throw new AssertionError({ message, actual, expected, operator });
};

const assert = (value, message) => check(value, message ?? undefined, value, true, "==");
export const ok = (value, message) => assert(value, message);
export const equal = (a, b, m) => check(a == b || (Number.isNaN(a) && Number.isNaN(b)), m, a, b, "==");
export const notEqual = (a, b, m) => check(a != b, m, a, b, "!=");
export const strictEqual = (a, b, m) => check(Object.is(a, b), m, a, b, "strictEqual");
export const notStrictEqual = (a, b, m) => check(!Object.is(a, b), m, a, b, "notStrictEqual");
export const deepEqual = (a, b, m) => check(isEqual(a, b, false), m, a, b, "deepEqual");
export const notDeepEqual = (a, b, m) => check(!isEqual(a, b, false), m, a, b, "notDeepEqual");
export const deepStrictEqual = (a, b, m) => check(isEqual(a, b, true), m, a, b, "deepStrictEqual");
export const notDeepStrictEqual = (a, b, m) => check(!isEqual(a, b, true), m, a, b, "notDeepStrictEqual");
export const match = (text, pattern, m) => check(pattern.test(text), m, text, pattern, "match");
export const doesNotMatch = (text, pattern, m) => check(!pattern.test(text), m, text, pattern, "doesNotMatch");
export const fail = (message = "Failed") => check(false, message, undefined, undefined, "fail");
export const ifError = (value) => {
  if (value !== null && value !== undefined) throw value;
};

const matches = (error, expected) => {
  if (expected instanceof RegExp) return expected.test(String(error));
  if (typeof expected === "function") {
    if (expected.prototype !== undefined && error instanceof expected) return true;
    return Error.isPrototypeOf(expected) ? false : expected.call({}, error) === true;
  }
  return Object.entries(expected).every(([key, value]) =>
    (value instanceof RegExp && typeof error[key] === "string" ? value.test(error[key]) : isEqual(error[key], value, true)));
};

const expectError = (error, expected, message) => {
  if (expected === undefined || typeof expected === "string") return;
  if (!matches(error, expected)) {
    if (message === undefined) throw error;
    check(false, message, error, expected, "throws");
  }
};

export const throws = (fn, expected, message) => {
  try {
    fn();
  } catch (error) {
    expectError(error, expected, message);
    return;
  }
  check(false, typeof expected === "string" ? expected : message ?? "Missing expected exception.", undefined, expected, "throws");
};

export const rejects = async (what, expected, message) => {
  try {
    await (typeof what === "function" ? what() : what);
  } catch (error) {
    expectError(error, expected, message);
    return;
  }
  check(false, message ?? "Missing expected rejection.", undefined, expected, "rejects");
};

export const doesNotThrow = (fn) => { fn(); };
export const doesNotReject = async (what) => { await (typeof what === "function" ? what() : what); };

const loose = {
  AssertionError, ok, equal, notEqual, strictEqual, notStrictEqual, deepEqual, notDeepEqual,
  deepStrictEqual, notDeepStrictEqual, match, doesNotMatch, fail, ifError, throws, rejects,
  doesNotThrow, doesNotReject,
};
export const strict = Object.assign((value, message) => assert(value, message), loose, {
  equal: strictEqual, notEqual: notStrictEqual, deepEqual: deepStrictEqual, notDeepEqual: notDeepStrictEqual,
});
strict.strict = strict;
export default Object.assign(assert, loose, { strict });
