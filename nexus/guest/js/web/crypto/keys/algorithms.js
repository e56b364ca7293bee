// Which algorithms each operation knows, and what it reads from the dictionary beside the name.

const NONE = () => ({});
const withHash = (given, what) => ({ hash: hashMember(given, what) });
const withCurve = (given, what) => ({ namedCurve: toText(required(given, "namedCurve", what)) });

const newRsa = (given, what) => {
  const publicExponent = required(given, "publicExponent", what);
  if (!(publicExponent instanceof Uint8Array)) {
    throw new TypeError(`A publicExponent is a Uint8Array, not ${describe(publicExponent)}`);
  }
  return {
    ...withHash(given, what),
    modulusLength: toRange(required(given, "modulusLength", what), LONG, "A modulusLength"),
    publicExponent: publicExponent.slice(),
  };
};

const newAes = (given, what) => ({
  length: toRange(required(given, "length", what), SHORT, "The length of an AES key"),
});

const hmacMembers = (given, what) => ({
  ...withHash(given, what),
  length: given.length === undefined ? undefined : toRange(given.length, LONG, "A length"),
});

const ofAll = (names, read) => Object.fromEntries(names.map((name) => [name, read]));

const RSA_SIGNS = ["RSASSA-PKCS1-v1_5", "RSA-PSS"];
const RSA = [...RSA_SIGNS, "RSA-OAEP"];
const CURVE_KEYS = ["ECDSA", "ECDH"];
const OKP = ["Ed25519", "Ed448", "X25519", "X448"];
const AES = ["AES-CTR", "AES-CBC", "AES-GCM", "AES-KW"];

const ENCRYPTS = {
  "RSA-OAEP": (given, what) => ({ first: optionalBytes(given, "label", what) }),
  "AES-CTR": (given, what) => ({
    first: bytesMember(given, "counter", what),
    bits: toRange(required(given, "length", what), OCTET, "The length of a counter"),
  }),
  "AES-CBC": (given, what) => ({ first: bytesMember(given, "iv", what) }),
  "AES-GCM": (given, what) => ({
    first: bytesMember(given, "iv", what),
    second: optionalBytes(given, "additionalData", what),
    tag: given.tagLength === undefined ? 128 : toRange(given.tagLength, OCTET, "A tagLength"),
  }),
};

const SIGNS = {
  "RSASSA-PKCS1-v1_5": NONE,
  "RSA-PSS": (given, what) => ({
    salt: toRange(required(given, "saltLength", what), LONG, "A saltLength"),
  }),
  ECDSA: withHash,
  Ed25519: NONE,
  Ed448: NONE,
  HMAC: NONE,
};

const agreement = (given, what) => ({ public: innerOf(required(given, "public", what)) });

const DERIVES = {
  ECDH: agreement,
  X25519: agreement,
  X448: agreement,
  HKDF: (given, what) => ({
    ...withHash(given, what),
    pieces: [bytesMember(given, "salt", what), bytesMember(given, "info", what)],
  }),
  PBKDF2: (given, what) => ({
    ...withHash(given, what),
    pieces: [bytesMember(given, "salt", what)],
    rounds: toRange(required(given, "iterations", what), LONG, "The number of iterations"),
  }),
};

const OPERATIONS = {
  digest: ofAll(["SHA-1", "SHA-256", "SHA-384", "SHA-512"], NONE),
  generateKey: {
    ...ofAll(RSA, newRsa), ...ofAll(CURVE_KEYS, withCurve), ...ofAll(OKP, NONE),
    ...ofAll(AES, newAes), HMAC: hmacMembers,
  },
  importKey: {
    ...ofAll(RSA, withHash), ...ofAll(CURVE_KEYS, withCurve), ...ofAll(OKP, NONE),
    ...ofAll(AES, NONE), HMAC: hmacMembers, HKDF: NONE, PBKDF2: NONE,
  },
  sign: SIGNS,
  verify: SIGNS,
  encrypt: ENCRYPTS,
  decrypt: ENCRYPTS,
  deriveBits: DERIVES,
  deriveKey: DERIVES,
  wrapKey: { "AES-KW": NONE },
  unwrapKey: { "AES-KW": NONE },
  "get key length": { ...ofAll(AES, newAes), HMAC: hmacMembers, HKDF: NONE, PBKDF2: NONE },
};

const knows = (operation, algorithm) => {
  const given = typeof algorithm === "object" && algorithm !== null ? algorithm.name : algorithm;
  const wanted = toText(given).toUpperCase();
  return Object.keys(OPERATIONS[operation]).find((name) => name.toUpperCase() === wanted);
};

// {name, …} of a name or a dictionary; `digest` gives a name alone, too.
const normalize = (operation, algorithm) => {
  const given = typeof algorithm === "object" && algorithm !== null
    ? algorithm
    : { name: toText(algorithm) };
  const known = Object.keys(OPERATIONS[operation]).join(", ");
  if (given.name === undefined) {
    throw new TypeError(`The algorithm of ${operation} needs a name, one of ${known}`);
  }
  const name = knows(operation, given);
  if (!name) {
    throw unsupported(`${operation} does not know ${JSON.stringify(toText(given.name))}, only ${known}`);
  }
  return { name, ...OPERATIONS[operation][name](given, operation) };
};
