// JSON Web Keys (RFC 7517): everything but their numbers, which the host reads.

const HASH_NUMBER = { "SHA-1": "1", "SHA-256": "256", "SHA-384": "384", "SHA-512": "512" };
const CURVE_ALGORITHM = { "P-256": "ES256", "P-384": "ES384", "P-521": "ES512" };

// The names that `alg` may have; the first is what an export says. None: `alg` may be anything.
const jwkAlgorithms = ({ name, hash, length, namedCurve }) => {
  switch (name) {
    case "RSASSA-PKCS1-v1_5":
      return [`RS${HASH_NUMBER[hash]}`];
    case "RSA-PSS":
      return [`PS${HASH_NUMBER[hash]}`];
    case "RSA-OAEP":
      return [hash === "SHA-1" ? "RSA-OAEP" : `RSA-OAEP-${HASH_NUMBER[hash]}`];
    case "HMAC":
      return [`HS${HASH_NUMBER[hash]}`];
    case "ECDSA":
      return [CURVE_ALGORITHM[namedCurve]];
    case "Ed25519":
    case "Ed448":
      return [name, "EdDSA"];
    default:
      return name.startsWith("AES-") ? [`A${length}${name.slice(4)}`] : [];
  }
};

const requireJwk = (data) => {
  if (data === null || typeof data !== "object" || isBufferSource(data)) {
    throw new TypeError(`A JWK is an object, not ${describe(data)}`);
  }
};

const requireField = (jwk, field, allowed) => {
  if (!allowed.includes(jwk[field])) {
    const shown = allowed.map((one) => JSON.stringify(one)).join(" or ");
    throw dataError(`The JWK's ${field} must be ${shown}, not ${describe(jwk[field])}`);
  }
};

// The names that a JWK of this algorithm may have in `kty`, and in `crv`.
const requireKind = (jwk, { name, namedCurve }) => {
  const { family } = KINDS[name];
  requireField(jwk, "kty", [{ secret: "oct", RSA: "RSA", EC: "EC" }[family] ?? "OKP"]);
  if (family === "EC") requireField(jwk, "crv", [namedCurve]);
  if (family === name) requireField(jwk, "crv", [name]);
};

const requirePurpose = (jwk, algorithm, extractable, usages) => {
  const { use } = KINDS[algorithm.name];
  if (jwk.use !== undefined && usages.length > 0) requireField(jwk, "use", [use]);
  if (jwk.key_ops !== undefined) {
    const ops = Array.isArray(jwk.key_ops) ? jwk.key_ops : [];
    if (new Set(ops).size < ops.length || usages.some((usage) => !ops.includes(usage))) {
      throw dataError(`The JWK's key_ops [${jwk.key_ops}] lack one of [${usages}], or repeat one`);
    }
  }
  if (jwk.ext === false && extractable) {
    throw dataError("The JWK's ext is false: the key cannot be extractable");
  }
  const known = jwkAlgorithms(algorithm);
  if (jwk.alg !== undefined && known.length > 0) requireField(jwk, "alg", known);
};

const NUMBERS = ["k", "n", "e", "d", "p", "q", "dp", "dq", "qi", "oth", "x", "y", "crv"];

const numbersOfJwk = (jwk) =>
  Object.fromEntries(NUMBERS.filter((name) => jwk[name] !== undefined).map((name) => [name, jwk[name]]));
