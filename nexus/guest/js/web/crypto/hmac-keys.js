// HMAC keys as raw bytes and as JSON Web Keys (RFC 7517).

const toBase64Url = (bytes) => bytes.toBase64({ alphabet: "base64url", omitPadding: true });

const dataError = (message) => new DOMException(message, "DataError");

const requireJwk = (jwk, field, wanted, optional = false) => {
  if (jwk[field] !== wanted && !(optional && jwk[field] === undefined)) {
    throw dataError(
      `The JWK's ${field} must be ${JSON.stringify(wanted)}, not ${describe(jwk[field])}`,
    );
  }
};

const secretFromJwk = (jwk, hash, extractable, usages) => {
  if (jwk === null || typeof jwk !== "object" || isBufferSource(jwk)) {
    throw new TypeError(`A JWK is an object, not ${describe(jwk)}`);
  }
  requireJwk(jwk, "kty", "oct");
  requireJwk(jwk, "alg", JWK_ALGORITHMS[hash], true);
  requireJwk(jwk, "use", "sig", true);
  if (jwk.key_ops !== undefined && usages.some((usage) => !jwk.key_ops.includes(usage))) {
    throw dataError(`The JWK's key_ops [${jwk.key_ops}] lack one of [${usages}]`);
  }
  if (jwk.ext === false && extractable) {
    throw dataError("The JWK's ext is false: the key cannot be extractable");
  }
  try {
    return Uint8Array.fromBase64(jwk.k, { alphabet: "base64url" });
  } catch {
    throw dataError("The JWK's k must be a string in base64url");
  }
};

const importSecret = (format, data, hash, extractable, usages) => {
  switch (format) {
    case "raw":
    case "raw-secret":
      return toBytes(data, "A raw key").slice();
    case "jwk":
      return secretFromJwk(data, hash, extractable, usages);
    default:
      throw new DOMException(
        `An HMAC key comes as "raw" or "jwk", not as ${describe(format)}`, "NotSupportedError",
      );
  }
};

// Keys are whole bytes: `length`, in bits, may only repeat what the secret has.
const checkLength = (secret, length) => {
  if (secret.length === 0) throw dataError("An HMAC key must not be empty");
  const bits = secret.length * 8;
  if (length !== undefined && length !== bits) {
    throw dataError(`The key has ${bits} bits, not ${length}`);
  }
};

const exportJwk = (key) => ({
  kty: "oct",
  k: toBase64Url(secretOf(key)),
  alg: JWK_ALGORITHMS[key.algorithm.hash.name],
  key_ops: [...key.usages],
  ext: key.extractable,
});
