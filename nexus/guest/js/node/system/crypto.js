// node:crypto: hashes, HMACs, signatures, random values, KeyObject. `crypto.subtle` makes keys.

import { Buffer } from "node:buffer";
import { askHost, toBytes } from "node:nexus/ask";
import { internal } from "node:nexus/internal";
import { KeyObject, createPrivateKey, createPublicKey, createSecretKey, keyBytes } from "node:nexus/keys";

export { KeyObject, createPrivateKey, createPublicKey, createSecretKey };

const { crypto } = globalThis;
const HASHES = { __proto__: null, md5: "MD5", sha1: "SHA-1", sha256: "SHA-256", sha384: "SHA-384", sha512: "SHA-512" };

const hashNamed = (name) => {
  const found = HASHES[String(name).toLowerCase().replace("-", "")];
  if (found) return found;
  const error = new Error(`Digest method not supported: ${name}; there are ${Object.keys(HASHES).join(", ")}`);
  error.code = "ERR_CRYPTO_INVALID_DIGEST";
  throw error;
};

class Digest {
  #chunks = [];
  #finish;

  constructor(finish) {
    this.#finish = finish;
  }

  update(content, encoding = undefined) {
    if (!this.#chunks) throw finalized();
    this.#chunks.push(Buffer.from(toBytes(content, encoding)));
    return this;
  }

  digest(encoding = undefined) {
    if (!this.#chunks) throw finalized();
    const made = Buffer.from(this.#finish(Buffer.concat(this.#chunks)));
    this.#chunks = undefined;
    return encoding === undefined || encoding === "buffer" ? made : made.toString(encoding);
  }

  copy() {
    const made = new Digest(this.#finish);
    made.#chunks = [...this.#chunks];
    return made;
  }
}

const finalized = () => Object.assign(new Error("Digest already called"), { code: "ERR_CRYPTO_HASH_FINALIZED" });

export const createHash = (name) => {
  const hash = hashNamed(name);
  return new Digest((bytes) => internal.digest(hash, bytes));
};
export const createHmac = (name, key) => {
  const hash = hashNamed(name), secret = Buffer.from(key instanceof KeyObject ? keyBytes(key) : toBytes(key));
  return new Digest((bytes) => internal.hmac(hash, secret, bytes));
};
export const hash = (name, content, encoding = "hex") => createHash(name).update(content).digest(encoding);
export const getHashes = () => Object.keys(HASHES);

export const randomFillSync = (buffer, offset = 0, size = buffer.byteLength - offset) => {
  const bytes = new Uint8Array(buffer.buffer ?? buffer, (buffer.byteOffset ?? 0) + offset, size);
  for (let at = 0; at < size; at += 65536) crypto.getRandomValues(bytes.subarray(at, at + 65536));
  return buffer;
};
export const randomBytes = (size, callback = undefined) => {
  const made = randomFillSync(Buffer.alloc(size));
  if (!callback) return made;
  queueMicrotask(() => callback(null, made));
  return undefined;
};
export const randomInt = (least, most = undefined, callback = undefined) => {
  if (most === undefined || typeof most === "function") return randomInt(0, least, most);
  const range = most - least;
  if (!(range > 0) || range > 2 ** 48 - 1) throw new RangeError(`There is no integer from ${least} to below ${most}`);
  const limit = 2 ** 48 - (2 ** 48 % range);
  let value;
  do value = randomBytes(6).readUIntBE(0, 6); while (value >= limit); // none is likelier
  const found = least + (value % range);
  if (!callback) return found;
  queueMicrotask(() => callback(null, found));
  return undefined;
};
export const randomUUID = () => crypto.randomUUID();
export const getRandomValues = (array) => crypto.getRandomValues(array);

export const timingSafeEqual = (a, b) => {
  const [one, other] = [toBytes(a), toBytes(b)];
  if (one.length !== other.length) {
    throw Object.assign(new RangeError("Input buffers must have the same byte length"), {
      code: "ERR_CRYPTO_TIMING_SAFE_EQUAL_LENGTH",
    });
  }
  let difference = 0;
  for (let i = 0; i < one.length; i += 1) difference |= one[i] ^ other[i];
  return difference === 0;
};

export const webcrypto = crypto;
export const constants = {
  RSA_PKCS1_PADDING: 1, RSA_PKCS1_PSS_PADDING: 6,
  RSA_PSS_SALTLEN_DIGEST: -1, RSA_PSS_SALTLEN_MAX_SIGN: -2, RSA_PSS_SALTLEN_AUTO: -2,
};

// The key's text, and the options of a signature that came with it.
const readKey = (key, isPublic) => {
  const isPlain = typeof key === "string" || ArrayBuffer.isView(key) || key instanceof ArrayBuffer;
  const given = isPlain || key instanceof KeyObject ? { key } : key ?? {};
  const { key: text, format, passphrase, padding, saltLength: salt, dsaEncoding: dsa } = given;
  if (passphrase !== undefined) throw new Error("Encrypted keys are not supported here; decrypt the key first");
  const read = isPublic ? createPublicKey : createPrivateKey;
  const found = format === "jwk" ? read(given) : text;
  const bytes = found instanceof KeyObject ? keyBytes(found, isPublic) : Buffer.from(toBytes(found));
  return { text: bytes, fields: { padding, salt, dsa } };
};

const hashOfSignature = (name) => hashNamed(String(name).replace(/^RSA-/i, ""));

const askWithKey = (op, name, { fields, text }, pieces) => {
  const hash = name === null || name === undefined ? "" : hashOfSignature(name);
  return askHost({ op, hash, ...fields }, [text, ...pieces]);
};

const encoded = (bytes, encoding) => (encoding === undefined || encoding === "buffer" ? bytes : bytes.toString(encoding));

export const sign = (name, data, key, callback = undefined) => {
  const made = askWithKey("sign_pem", name, readKey(key, false), [Buffer.from(toBytes(data))]).bytes;
  if (!callback) return made;
  queueMicrotask(() => callback(null, made));
  return undefined;
};
export const verify = (name, data, key, signature, callback = undefined) => {
  const pieces = [Buffer.from(toBytes(signature)), Buffer.from(toBytes(data))];
  const { answer } = askWithKey("verify_pem", name, readKey(key, true), pieces);
  if (!callback) return answer;
  queueMicrotask(() => callback(null, answer));
  return undefined;
};

class Signing {
  #chunks = [];

  constructor(name) {
    this.name = hashOfSignature(name);
  }

  update(content, encoding = undefined) {
    this.#chunks.push(Buffer.from(toBytes(content, encoding)));
    return this;
  }

  whole() {
    return Buffer.concat(this.#chunks);
  }
}

class Sign extends Signing {
  sign(key, encoding = undefined) {
    return encoded(sign(this.name, this.whole(), key), encoding);
  }
}

class Verify extends Signing {
  verify(key, signature, encoding = undefined) {
    return verify(this.name, this.whole(), key, toBytes(signature, encoding));
  }
}

export const createSign = (name) => new Sign(name);
export const createVerify = (name) => new Verify(name);

const exported = {
  createHash, createHmac, hash, getHashes, randomFillSync, randomBytes, randomInt, randomUUID,
  getRandomValues, timingSafeEqual, webcrypto, constants, sign, verify, createSign, createVerify,
  KeyObject, createPrivateKey, createPublicKey, createSecretKey,
};
// `crypto.subtle` is loaded at its first use, and so stays a getter here.
export default Object.defineProperty(exported, "subtle", { get: () => crypto.subtle, enumerable: true });
