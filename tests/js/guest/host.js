// A host for the prelude's tests: its clock stands still until something sleeps, its log is a
// list, its random bytes are the same in every run.

import { digest, hmac } from "./sha.js";

let clock = 1_700_000_000_000;
let randomState = 1;

const randomByte = () => {
  randomState = (Math.imul(randomState, 1103515245) + 12345) >>> 0;
  return randomState >>> 24;
};

export const logged = []; // [level, text]

export const host = {
  random: (count) => Uint8Array.from({ length: count }, randomByte),
  digest,
  hmac,
  log: (level, text) => {
    logged.push([level, text]);
  },
  sleep: (ms) => {
    clock += ms;
  },
  now: () => clock,
};
