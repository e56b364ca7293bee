// CryptoKey: shows what a key is for. Its bytes are on the host, under a number; only a key that
// was imported while the handler was loaded has them here, since the host forgets it.

const KEY_KEY = Symbol("the key that only these files have");
const KEY_USAGES = [
  "encrypt", "decrypt", "sign", "verify", "deriveKey", "deriveBits", "wrapKey", "unwrapKey",
];

let innerOf; // (value): {type, extractable, algorithm, usages, number, material}

// The algorithm as others see it: a copy, which they may change.
const shownAlgorithm = ({ hash, publicExponent, ...plain }) => ({
  ...plain,
  ...(publicExponent && { publicExponent: publicExponent.slice() }),
  ...(hash && { hash: { name: hash } }),
});

class CryptoKey {
  #inner;
  #algorithm;
  #usages;

  constructor(key, inner) {
    if (key !== KEY_KEY) {
      throw new TypeError("CryptoKey cannot be constructed; use crypto.subtle.importKey");
    }
    this.#inner = inner;
  }

  static {
    innerOf = (value) => {
      if (typeof value !== "object" || value === null || !(#inner in value)) {
        throw new TypeError(`Expected a CryptoKey, but got ${describe(value)}`);
      }
      return value.#inner;
    };
  }

  get type() { return this.#inner.type; }
  get extractable() { return this.#inner.extractable; }
  get algorithm() { return (this.#algorithm ??= shownAlgorithm(this.#inner.algorithm)); }
  get usages() { return (this.#usages ??= [...this.#inner.usages]); }
}

expose(CryptoKey);

const newKey = (inner) => {
  const usages = KEY_USAGES.filter((usage) => inner.usages.includes(usage));
  return new CryptoKey(KEY_KEY, { ...inner, usages });
};

// The inner record of a key that is of this algorithm and allows the usage.
const keyFor = (value, name, usage) => {
  const inner = innerOf(value);
  if (inner.algorithm.name !== name) {
    throw accessError(`The key is for ${inner.algorithm.name}, not for ${name}`);
  }
  if (!inner.usages.includes(usage)) {
    throw accessError(`The key may not ${usage}; its usages are [${inner.usages.join(", ")}]`);
  }
  return inner;
};
