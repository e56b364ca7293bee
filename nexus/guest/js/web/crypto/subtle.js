// crypto.subtle: digests, and HMAC keys and signatures. The host computes them with Python's
// hashlib and hmac. Everything comes as a promise, errors too.

class SubtleCrypto {
  constructor() {
    throw new TypeError("SubtleCrypto cannot be constructed; use crypto.subtle");
  }

  async digest(algorithm, data) {
    need(arguments, 2, "crypto.subtle.digest");
    const hash = hashNamed(algorithm, "digest");
    return host.digest(hash, toBytes(data, "What digest() reads")).slice().buffer;
  }

  async importKey(format, data, algorithm, extractable, usages) {
    need(arguments, 5, "crypto.subtle.importKey");
    const { hash, length } = hmacParameters(algorithm, "importKey");
    const wanted = checkUsages(usages);
    const secret = importSecret(toText(format), data, hash, Boolean(extractable), wanted);
    checkLength(secret, length);
    return new CryptoKey(KEY_KEY, secret, hash, Boolean(extractable), wanted);
  }

  async generateKey(algorithm, extractable, usages) {
    need(arguments, 3, "crypto.subtle.generateKey");
    const { hash, length: asked } = hmacParameters(algorithm, "generateKey");
    const length = asked ?? BLOCK_BYTES[hash] * 8;
    const wanted = checkUsages(usages);
    if (!(length > 0 && length <= 8192 && length % 8 === 0)) {
      throw new DOMException(
        `The length of an HMAC key is 8 to 8192 bits, in whole bytes, not ${length}`,
        "OperationError",
      );
    }
    return new CryptoKey(KEY_KEY, host.random(length / 8), hash, Boolean(extractable), wanted);
  }

  async exportKey(format, key) {
    need(arguments, 2, "crypto.subtle.exportKey");
    requireKey(key);
    if (!key.extractable) {
      throw new DOMException("The key is not extractable", "InvalidAccessError");
    }
    switch (toText(format)) {
      case "raw":
      case "raw-secret":
        return secretOf(key).slice().buffer;
      case "jwk":
        return exportJwk(key);
      default:
        throw new DOMException(
          `An HMAC key goes out as "raw" or "jwk", not as ${describe(format)}`,
          "NotSupportedError",
        );
    }
  }

  async sign(algorithm, key, data) {
    need(arguments, 3, "crypto.subtle.sign");
    algorithmNamed(algorithm, ["HMAC"], "sign");
    const bytes = toBytes(data, "What sign() reads");
    requireKey(key, "sign");
    return signHmac(key, bytes).slice().buffer;
  }

  async verify(algorithm, key, signature, data) {
    need(arguments, 4, "crypto.subtle.verify");
    algorithmNamed(algorithm, ["HMAC"], "verify");
    const given = toBytes(signature, "A signature");
    const bytes = toBytes(data, "What verify() reads");
    requireKey(key, "verify");
    return equalInConstantTime(signHmac(key, bytes), given);
  }
}

// These exist in browsers; here each says what there is instead.
for (const name of [
  "encrypt", "decrypt", "deriveBits", "deriveKey", "wrapKey", "unwrapKey",
]) {
  Object.defineProperty(SubtleCrypto.prototype, name, {
    async value() {
      throw new DOMException(
        `crypto.subtle.${name} is not there; there are digest, and HMAC with importKey, ` +
        "generateKey, exportKey, sign and verify",
        "NotSupportedError",
      );
    },
    writable: true, configurable: true,
  });
}

const signHmac = (key, bytes) => host.hmac(key.algorithm.hash.name, secretOf(key), bytes);

// Looks at every byte, so that the time does not tell how many were right.
const equalInConstantTime = (expected, given) => {
  let difference = expected.length ^ given.length;
  for (let i = 0; i < expected.length; i += 1) {
    difference |= expected[i] ^ (given[i] ?? 0);
  }
  return difference === 0;
};

expose(SubtleCrypto);
const subtle = Object.create(SubtleCrypto.prototype);
