// A host for the prelude's tests: the product's, but for a clock that stands still until something
// sleeps, a log that is a list, and random bytes that are the same in every run.

import * as os from "qjs:os";
import * as std from "qjs:std";

let clock = 1_700_000_000_000;
let randomState = 1;

const randomByte = () => {
  randomState = (Math.imul(randomState, 1103515245) + 12345) >>> 0;
  return randomState >>> 24;
};

export const logged = []; // [level, text]

let products;
const { install, seal } = std.evalScript(std.loadFile("/bootstrap.js"))(os.read, os.write);
install((host) => {
  products = host;
  return {}; // the functions of a prelude, which the tests evaluate themselves
});
seal();

export const host = {
  ...products,
  random: (count) => Uint8Array.from({ length: count }, randomByte),
  seed: () => Uint8Array.from({ length: 16 }, randomByte),
  log: (level, text) => {
    logged.push([level, text]);
  },
  sleep: (ms) => {
    clock += ms;
  },
  now: () => clock,
};
