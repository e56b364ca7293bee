// CryptoKey: the secret of an HMAC, readable from outside only where it is extractable.

const KEY_KEY = Symbol("the key that only these files have");
const KEY_USAGES = [
  "encrypt", "decrypt", "sign", "verify", "deriveKey", "deriveBits", "wrapKey", "unwrapKey",
];

let secretOf; // (key): the bytes
let requireKey; // (value, usage): a key that allows the usage, else an error

class CryptoKey {
  #secret;
  #algorithm;
  #extractable;
  #usages;

  constructor(key, secret, hash, extractable, usages) {
    if (key !== KEY_KEY) {
      throw new TypeError("CryptoKey cannot be constructed; use crypto.subtle.importKey");
    }
    this.#secret = secret;
    this.#algorithm = { name: "HMAC", length: secret.length * 8, hash: { name: hash } };
    this.#extractable = extractable;
    this.#usages = KEY_USAGES.filter((usage) => usages.includes(usage));
  }

  static {
    secretOf = (key) => key.#secret;
    requireKey = (value, usage) => {
      if (typeof value !== "object" || value === null || !(#secret in value)) {
        throw new TypeError(`Expected a CryptoKey, but got ${describe(value)}`);
      }
      if (usage && !value.#usages.includes(usage)) {
        throw new DOMException(
          `The key may not ${usage}; its usages are [${value.#usages.join(", ")}]`,
          "InvalidAccessError",
        );
      }
    };
  }

  get type() { return "secret"; }
  get extractable() { return this.#extractable; }
  get algorithm() { return this.#algorithm; }
  get usages() { return this.#usages; }
}

expose(CryptoKey);
