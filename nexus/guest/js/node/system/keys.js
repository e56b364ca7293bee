// node:crypto: KeyObject. A public or private key is held as DER, spki or pkcs8.

import { Buffer } from "node:buffer";
import { askHost, toBytes } from "node:nexus/ask";

const LABELS = {
  spki: "PUBLIC KEY", pkcs8: "PRIVATE KEY", sec1: "EC PRIVATE KEY",
  pkcs1: { public: "RSA PUBLIC KEY", private: "RSA PRIVATE KEY" },
};

const invalid = (text, code = "ERR_INVALID_ARG_VALUE") => Object.assign(new TypeError(text), { code });

let bytesOf;

export class KeyObject {
  #type;
  #bytes;
  #facts;

  static {
    bytesOf = (key) => key.#bytes;
  }

  constructor(type, bytes, facts = {}) {
    this.#type = type;
    this.#bytes = bytes;
    this.#facts = facts;
  }

  get type() { return this.#type; }
  get symmetricKeySize() { return this.#type === "secret" ? this.#bytes.length : undefined; }
  get asymmetricKeyType() { return this.#facts.type; }
  get asymmetricKeyDetails() {
    const { details, e } = this.#facts;
    return e === undefined ? details : { ...details, publicExponent: BigInt(e) };
  }
  get [Symbol.toStringTag]() { return "KeyObject"; }

  export(options = undefined) {
    if (this.#type === "secret") {
      if (options?.format === "jwk") return { kty: "oct", k: this.#bytes.toString("base64url") };
      return Buffer.from(this.#bytes);
    }
    if (typeof options !== "object" || options === null) {
      throw invalid('The "options" argument must be of type object', "ERR_INVALID_ARG_TYPE");
    }
    const { format, type, cipher } = options, own = this.#type === "private" ? "pkcs8" : "spki";
    if (cipher !== undefined) throw invalid("Keys are not encrypted here: export it without cipher");
    if (format === "jwk") return this.#inForm("jwk").answer;
    if (format !== "pem" && format !== "der") {
      throw invalid(`The property 'options.format' is ${format}; allowed: 'pem', 'der', 'jwk'`);
    }
    const der = type === own ? Buffer.from(this.#bytes) : this.#inForm(type).bytes;
    if (format === "der") return der;
    const label = LABELS[type][this.#type] ?? LABELS[type];
    const lines = der.toString("base64").match(/.{1,64}/g).join("\n");
    return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`;
  }

  equals(other) {
    return other.type === this.#type && bytesOf(other).equals(this.#bytes);
  }

  #inForm(form) {
    return askHost({ op: "write_key_object", private: this.#type === "private", form }, [this.#bytes]);
  }
}

// A key's bytes for the host; `isPublic` makes a private key's public one of it.
export const keyBytes = (key, isPublic) =>
  bytesOf(isPublic && key.type === "private" ? createPublicKey(key) : key);

export const createSecretKey = (key, encoding = undefined) =>
  new KeyObject("secret", Buffer.from(toBytes(key, encoding)));

const read = (type, key) => {
  const isPlain = typeof key === "string" || ArrayBuffer.isView(key) || key instanceof ArrayBuffer;
  const { key: text, format, passphrase, encoding } = isPlain ? { key } : key ?? {};
  if (passphrase !== undefined) throw new Error("Encrypted keys are not supported here; decrypt the key first");
  const isJwk = format === "jwk", fields = { op: "read_key_object", private: type === "private" };
  const { answer, bytes } = askHost(
    isJwk ? { ...fields, jwk: text } : fields,
    [isJwk ? Buffer.alloc(0) : Buffer.from(toBytes(text, encoding))],
  );
  return new KeyObject(type, bytes, answer);
};

export const createPrivateKey = (key) => read("private", key);
export const createPublicKey = (key) => {
  const found = key instanceof KeyObject ? key : key?.key;
  if (!(found instanceof KeyObject)) return read("public", key);
  if (found.type !== "private") {
    throw invalid(`Invalid key object type ${found.type}, expected private.`, "ERR_CRYPTO_INVALID_KEY_OBJECT_TYPE");
  }
  return read("public", found.export({ format: "pem", type: "pkcs8" }));
};
