// SHA-1, SHA-2 and HMAC for the fake host; the product's host uses Python's hashlib and hmac.
// Slow and plain, on BigInt; ../api/crypto.js compares it with the examples
// of the standards.

const primes = (count) => {
  const found = [];
  for (let n = 2n; found.length < count; n += 1n) {
    if (found.every((prime) => n % prime !== 0n)) found.push(n);
  }
  return found;
};

// Whole part of the square or cube root, by bisection.
const root = (value, degree) => {
  let [low, high] = [0n, 1n << 80n];
  while (low < high) {
    const middle = (low + high + 1n) / 2n;
    if (middle ** degree <= value) low = middle;
    else high = middle - 1n;
  }
  return low;
};

const fraction = (prime, degree, bits) =>
  root(prime << (bits * degree), degree) & ((1n << bits) - 1n);

const sha2Constants = (bits) => ({
  start: primes(8).map((prime) => fraction(prime, 2n, bits)),
  start384: primes(16).slice(8).map((prime) => fraction(prime, 2n, bits)),
  rounds: primes(bits === 32n ? 64 : 80).map((prime) => fraction(prime, 3n, bits)),
});

const blocks = (bytes, blockBytes) => {
  const lengthBytes = blockBytes / 8;
  const padded = new Uint8Array(
    Math.ceil((bytes.length + 1 + lengthBytes) / blockBytes) * blockBytes,
  );
  padded.set(bytes);
  padded[bytes.length] = 0x80;
  new DataView(padded.buffer).setBigUint64(padded.length - 8, BigInt(bytes.length * 8));
  return padded;
};

const words = (block, bits) => {
  const view = new DataView(block.buffer, block.byteOffset, block.byteLength);
  return Array.from({ length: 16 }, (_, i) =>
    bits === 32n ? BigInt(view.getUint32(4 * i)) : view.getBigUint64(8 * i),
  );
};

const output = (state, bits) => {
  const hex = state.map((word) => word.toString(16).padStart(Number(bits) / 4, "0")).join("");
  return Uint8Array.fromHex(hex);
};

const sha2 = (bytes, bits, start, rounds, turns) => {
  const mask = (1n << bits) - 1n;
  const right = (x, n) => ((x >> n) | (x << (bits - n))) & mask;
  const mix = (x, [a, b, c], last) => right(x, a) ^ right(x, b) ^ (last ? right(x, c) : x >> c);
  const padded = blocks(bytes, Number(bits) * 2);
  let state = start;
  for (let at = 0; at < padded.length; at += Number(bits) * 2) {
    const w = words(padded.subarray(at, at + Number(bits) * 2), bits);
    for (let i = 16; i < rounds.length; i += 1) {
      w[i] = (mix(w[i - 2], turns[3]) + w[i - 7] + mix(w[i - 15], turns[2]) + w[i - 16]) & mask;
    }
    let [a, b, c, d, e, f, g, h] = state;
    for (let i = 0; i < rounds.length; i += 1) {
      const t1 = h + mix(e, turns[1], true) + ((e & f) ^ (~e & mask & g)) + rounds[i] + w[i];
      const t2 = mix(a, turns[0], true) + ((a & b) ^ (a & c) ^ (b & c));
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + t1) & mask, c, b, a, (t1 + t2) & mask];
    }
    state = [a, b, c, d, e, f, g, h].map((word, i) => (word + state[i]) & mask);
  }
  return output(state, bits);
};

const sha1 = (bytes) => {
  const mask = 0xffffffffn;
  const left = (x, n) => ((x << n) | (x >> (32n - n))) & mask;
  const padded = blocks(bytes, 64);
  let state = [0x67452301n, 0xefcdab89n, 0x98badcfen, 0x10325476n, 0xc3d2e1f0n];
  for (let at = 0; at < padded.length; at += 64) {
    const w = words(padded.subarray(at, at + 64), 32n);
    for (let i = 16; i < 80; i += 1) w[i] = left(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1n);
    let [a, b, c, d, e] = state;
    for (let i = 0; i < 80; i += 1) {
      const [f, k] =
        i < 20 ? [(b & c) | (~b & mask & d), 0x5a827999n]
          : i < 40 ? [b ^ c ^ d, 0x6ed9eba1n]
            : i < 60 ? [(b & c) | (b & d) | (c & d), 0x8f1bbcdcn]
              : [b ^ c ^ d, 0xca62c1d6n];
      [e, d, c, b, a] = [d, c, left(b, 30n), a, (left(a, 5n) + f + e + k + w[i]) & mask];
    }
    state = [a, b, c, d, e].map((word, i) => (word + state[i]) & mask);
  }
  return output(state, 32n);
};

const TURNS_32 = [[2n, 13n, 22n], [6n, 11n, 25n], [7n, 18n, 3n], [17n, 19n, 10n]];
const TURNS_64 = [[28n, 34n, 39n], [14n, 18n, 41n], [1n, 8n, 7n], [19n, 61n, 6n]];
const { start: START_32, rounds: ROUNDS_32 } = sha2Constants(32n);
const { start: START_64, start384: START_384, rounds: ROUNDS_64 } = sha2Constants(64n);

const DIGESTS = {
  "SHA-1": sha1,
  "SHA-256": (bytes) => sha2(bytes, 32n, START_32, ROUNDS_32, TURNS_32),
  "SHA-384": (bytes) => sha2(bytes, 64n, START_384, ROUNDS_64, TURNS_64).slice(0, 48),
  "SHA-512": (bytes) => sha2(bytes, 64n, START_64, ROUNDS_64, TURNS_64),
};

export const digest = (name, bytes) => DIGESTS[name](bytes);

export const hmac = (name, key, bytes) => {
  const blockBytes = name === "SHA-1" || name === "SHA-256" ? 64 : 128;
  const block = new Uint8Array(blockBytes);
  block.set(key.length > blockBytes ? digest(name, key) : key);
  const pad = (byte, rest) =>
    digest(name, Uint8Array.from([...block.map((one) => one ^ byte), ...rest]));
  return pad(0x5c, pad(0x36, bytes));
};
