// crypto: random values. `crypto.subtle` and its keys are the part "webcrypto".

const INTEGER_VIEWS = [
  Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array,
  BigInt64Array, BigUint64Array,
];

const MOST_RANDOM_BYTES = 65536;

class Crypto {
  constructor() {
    throw new TypeError("Crypto cannot be constructed; use crypto");
  }

  get subtle() {
    return part("webcrypto").subtle;
  }

  getRandomValues(array) {
    need(arguments, 1, "crypto.getRandomValues");
    if (!INTEGER_VIEWS.some((View) => array instanceof View)) {
      throw new DOMException(
        `getRandomValues fills typed arrays of integers, not ${describe(array)}`,
        "TypeMismatchError",
      );
    }
    if (array.byteLength > MOST_RANDOM_BYTES) {
      throw new DOMException(
        `getRandomValues gives at most ${MOST_RANDOM_BYTES} bytes, not ${array.byteLength}`,
        "QuotaExceededError",
      );
    }
    viewBytes(array).set(host.random(array.byteLength));
    return array;
  }

  randomUUID() {
    const bytes = host.random(16);
    bytes[6] = (bytes[6] & 0x0f) | 0x40; // version 4
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    return bytes.toHex().replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  }
}

expose(Crypto);
define("crypto", Object.create(Crypto.prototype));
