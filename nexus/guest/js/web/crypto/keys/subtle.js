// crypto.subtle: every method gives a promise, of errors too. The host does the mathematics; it
// has done its work when the method returns, so callers may change their buffers at once.

class SubtleCrypto {
  constructor() {
    throw new TypeError("SubtleCrypto cannot be constructed; use crypto.subtle");
  }

  async digest(algorithm, data) {
    need(arguments, 2, "crypto.subtle.digest");
    const { name } = normalize("digest", algorithm);
    return host.digest(name, toBytes(data, "What digest() reads")).slice().buffer;
  }

  async generateKey(algorithm, extractable, keyUsages) {
    need(arguments, 3, "crypto.subtle.generateKey");
    const usages = toUsages(keyUsages);
    const wanted = normalize("generateKey", algorithm);
    const secret = KINDS[wanted.name].family === "secret";
    return (secret ? generateSecret : generatePair)(wanted, Boolean(extractable), usages);
  }

  async importKey(format, keyData, algorithm, extractable, keyUsages) {
    need(arguments, 5, "crypto.subtle.importKey");
    const form = toFormat(format);
    const usages = toUsages(keyUsages);
    const wanted = normalize("importKey", algorithm);
    return importKey(form, keyData, wanted, Boolean(extractable), usages);
  }

  async exportKey(format, key) {
    need(arguments, 2, "crypto.subtle.exportKey");
    return exportKey(toFormat(format), innerOf(key));
  }

  async sign(algorithm, key, data) {
    need(arguments, 3, "crypto.subtle.sign");
    const bytes = toBytes(data, "What sign() reads");
    return sign(normalize("sign", algorithm), key, bytes);
  }

  async verify(algorithm, key, signature, data) {
    need(arguments, 4, "crypto.subtle.verify");
    const given = toBytes(signature, "A signature");
    const bytes = toBytes(data, "What verify() reads");
    return verify(normalize("verify", algorithm), key, given, bytes);
  }

  async encrypt(algorithm, key, data) {
    need(arguments, 3, "crypto.subtle.encrypt");
    const bytes = toBytes(data, "What encrypt() reads");
    const wanted = normalize("encrypt", algorithm);
    return crypt("encrypt", wanted, keyFor(key, wanted.name, "encrypt"), bytes);
  }

  async decrypt(algorithm, key, data) {
    need(arguments, 3, "crypto.subtle.decrypt");
    const bytes = toBytes(data, "What decrypt() reads");
    const wanted = normalize("decrypt", algorithm);
    return crypt("decrypt", wanted, keyFor(key, wanted.name, "decrypt"), bytes);
  }

  async deriveBits(algorithm, baseKey, length = null) {
    need(arguments, 2, "crypto.subtle.deriveBits");
    const bits = length === null ? null : toRange(length, LONG, "A length");
    const wanted = normalize("deriveBits", algorithm);
    return derive(wanted, keyFor(baseKey, wanted.name, "deriveBits"), bits).bytes.buffer;
  }

  async deriveKey(algorithm, baseKey, derivedKeyType, extractable, keyUsages) {
    need(arguments, 5, "crypto.subtle.deriveKey");
    const usages = toUsages(keyUsages);
    const wanted = normalize("deriveKey", algorithm);
    const derived = normalize("importKey", derivedKeyType);
    const lengths = normalize("get key length", derivedKeyType);
    const inner = keyFor(baseKey, wanted.name, "deriveKey");
    return deriveKey(wanted, inner, derived, lengths, Boolean(extractable), usages);
  }

  async wrapKey(format, key, wrappingKey, wrapAlgorithm) {
    need(arguments, 4, "crypto.subtle.wrapKey");
    const form = toFormat(format);
    return wrapKey(form, key, wrappingKey, normalizeWrap("wrapKey", wrapAlgorithm));
  }

  async unwrapKey(
    format, wrappedKey, unwrappingKey, unwrapAlgorithm, unwrappedKeyAlgorithm, extractable, keyUsages,
  ) {
    need(arguments, 7, "crypto.subtle.unwrapKey");
    const form = toFormat(format);
    const usages = toUsages(keyUsages);
    const wrapped = toBytes(wrappedKey, "What unwrapKey() reads");
    const algorithm = normalizeWrap("unwrapKey", unwrapAlgorithm);
    const wanted = normalize("importKey", unwrappedKeyAlgorithm);
    const data = unwrapped(form, wrapped, unwrappingKey, algorithm);
    return importKey(form, data, wanted, Boolean(extractable), usages);
  }

  // Not in the standard: Cloudflare's Workers have it.
  timingSafeEqual(first, second) {
    need(arguments, 2, "crypto.subtle.timingSafeEqual");
    const a = toBytes(first, "What timingSafeEqual() compares");
    const b = toBytes(second, "What timingSafeEqual() compares");
    if (a.length !== b.length) {
      throw new TypeError(`timingSafeEqual compares equal lengths, not ${a.length} and ${b.length} bytes`);
    }
    return equalInConstantTime(a, b);
  }
}

// Looks at every byte, so that the time does not tell how many were right.
const equalInConstantTime = (a, b) => {
  let difference = 0;
  for (let i = 0; i < a.length; i += 1) difference |= a[i] ^ b[i];
  return difference === 0;
};

expose(SubtleCrypto);
const subtle = Object.create(SubtleCrypto.prototype);
