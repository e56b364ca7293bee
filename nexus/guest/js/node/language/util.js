// node:util.

import { internal } from "node:nexus/internal";
import types from "node:util/types";
import { equal } from "node:nexus/equal";

export { types };

export const inspect = Object.assign((value) => {
  const shown = internal.inspect(value);
  return typeof value === "string" && !value.includes("'") ? `'${shown.slice(1, -1)}'` : shown;
}, { custom: Symbol.for("nodejs.util.inspect.custom"), defaultOptions: {} });

export const format = (...args) => internal.format(args);
export const formatWithOptions = (_, ...args) => internal.format(args);

const CUSTOM = Symbol.for("nodejs.util.promisify.custom");

export const promisify = (original) => {
  if (typeof original !== "function") {
    const error = new TypeError(
      `The "original" argument must be of type function. Received ${typeof original}`,
    );
    error.code = "ERR_INVALID_ARG_TYPE";
    throw error;
  }
  if (original[CUSTOM]) return original[CUSTOM];
  const promisified = function (...args) {
    return new Promise((resolve, reject) => {
      original.call(this, ...args, (error, value) => (error ? reject(error) : resolve(value)));
    });
  };
  Object.setPrototypeOf(promisified, Object.getPrototypeOf(original));
  return Object.defineProperties(promisified, Object.getOwnPropertyDescriptors(original));
};
promisify.custom = CUSTOM;

export const callbackify = (original) => function (...args) {
  const callback = args.pop();
  original.apply(this, args).then(
    (value) => queueMicrotask(() => callback(null, value)),
    (error) => queueMicrotask(() => callback(error ?? new Error("a promise was rejected without a reason"))),
  );
};

export const deprecate = (fn, message) => {
  let warned = false;
  return function (...args) {
    if (!warned) console.warn(`DeprecationWarning: ${message}`);
    warned = true;
    return new.target ? Reflect.construct(fn, args, new.target) : fn.apply(this, args);
  };
};

export const inherits = (constructor, parent) => {
  Object.defineProperty(constructor, "super_", { value: parent, writable: true, configurable: true });
  Object.setPrototypeOf(constructor.prototype, parent.prototype);
};

const NO_COLOURS = /[\u001b\u009b][[()#;?]*(?:\d{1,4}(?:;\d{0,4})*)?[\dA-PR-TZcf-nq-uy=><~]/g;
export const stripVTControlCharacters = (text) => text.replace(NO_COLOURS, "");
export const toUSVString = (text) => String(text).toWellFormed();
export const isDeepStrictEqual = (a, b) => equal(a, b, true);
export const debuglog = () => Object.assign(() => {}, { enabled: false });
export const debug = debuglog;
export const isArray = Array.isArray;
export const { TextEncoder, TextDecoder } = globalThis;
export const aborted = (signal) => new Promise((resolve) => {
  if (signal.aborted) resolve();
  else signal.addEventListener("abort", () => resolve(), { once: true });
});

export default {
  types, inspect, format, formatWithOptions, promisify, callbackify, deprecate, inherits,
  stripVTControlCharacters, toUSVString, isDeepStrictEqual, debuglog, debug, isArray, TextEncoder,
  TextDecoder, aborted,
};
