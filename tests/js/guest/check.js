// What the files in ../api test with.

import { settle } from "./api.js";
import { logged } from "./host.js";

const tests = []; // [name, function]

export const test = (name, run) => {
  tests.push([name, run]);
};

const show = (value) =>
  typeof value === "string" || (typeof value === "object" && value !== null)
    ? JSON.stringify(value) ?? String(value)
    : String(value);

// As JSON shows them, but with undefined, NaN and bytes told apart.
const plain = (value) => {
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) {
    const bytes = ArrayBuffer.isView(value)
      ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
      : new Uint8Array(value);
    return `bytes ${bytes.toHex()}`;
  }
  if (Array.isArray(value)) return value.map(plain);
  if (value !== null && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, plain(one)]));
  }
  return typeof value === "string" ? value : `${typeof value} ${String(value)}`;
};

export const equal = (found, wanted, what = "") => {
  const [a, b] = [JSON.stringify(plain(found)), JSON.stringify(plain(wanted))];
  if (a !== b) throw new Error(`${what}${what && ": "}found ${a}, wanted ${b}`);
};

export const ok = (value, what = "a true value") => {
  if (!value) throw new Error(`found ${show(value)}, wanted ${what}`);
};

const requireError = (error, name, words) => {
  if (error?.name !== name) throw new Error(`threw ${error}, wanted a ${name}\n${error?.stack}`);
  if (!error.message.includes(words)) {
    throw new Error(`the message is ${show(error.message)}, wanted it to have ${show(words)}`);
  }
};

export const throws = (run, name, words = "") => {
  let value;
  try {
    value = run();
  } catch (error) {
    requireError(error, name, words);
    return;
  }
  throw new Error(`gave ${show(value)}, wanted a ${name}`);
};

export const rejects = async (promise, name, words = "") => {
  let value;
  try {
    value = await promise;
  } catch (error) {
    requireError(error, name, words);
    return;
  }
  throw new Error(`gave ${show(value)}, wanted a ${name}`);
};

export const runTests = async () => {
  const failures = [];
  for (const [name, run] of tests) {
    logged.length = 0;
    try {
      await settle(Promise.resolve().then(run));
    } catch (error) {
      failures.push(`${name}: ${error}\n${error?.stack ?? ""}`);
    }
  }
  return { passed: tests.length - failures.length, failures };
};
