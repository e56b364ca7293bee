// generateKey: keys and pairs of keys, made on the host.

const BLOCK_BITS = { "SHA-1": 512, "SHA-256": 512, "SHA-384": 1024, "SHA-512": 1024 };

const requireRequest = () => {
  if (host.isLoading()) {
    throw operationError("keys can be generated in a request, not while loading");
  }
};

const lengthOfNew = ({ name, hash, length }) => {
  if (name !== "HMAC") {
    if (!isAesLength(length)) {
      throw operationError(`An AES key has 128, 192 or 256 bits, not ${length}`);
    }
    return length;
  }
  const bits = length ?? BLOCK_BITS[hash];
  if (!(bits > 0 && bits <= 8192 && bits % 8 === 0)) {
    throw operationError(
      `The length of an HMAC key is 8 to 8192 bits, in whole bytes, not ${bits}`,
    );
  }
  return bits;
};

const generateSecret = (algorithm, extractable, usages) => {
  const { name } = algorithm;
  requireUsages(usages, KINDS[name].secret, nameOfKey(name, "secret"));
  const length = lengthOfNew(algorithm);
  requireSomeUsage(usages, KINDS[name].secret, nameOfKey(name, "secret"));
  requireRequest();
  const { answer } = askCrypto("generate", { family: "secret", bits: length, extractable });
  return newKey({
    type: "secret", extractable, usages, algorithm: { ...algorithm, length }, number: answer.private,
  });
};

// A publicExponent that is no usable number is refused by the host.
const exponentNumber = (bytes) => (bytes ? Number(`0x${bytes.toHex() || "0"}`) : 0);

const generatePair = (algorithm, extractable, usages) => {
  const { name } = algorithm;
  const allowed = KINDS[name];
  requireUsages(usages, [...allowed.private, ...allowed.public], nameOfKey(name, "secret"));
  requireCurve(algorithm);
  requireRsa(algorithm);
  const ofType = (type) => usages.filter((usage) => allowed[type].includes(usage));
  requireSomeUsage(ofType("private"), allowed.private, nameOfKey(name, "private"));
  requireRequest();
  const { answer } = askCrypto("generate", {
    family: allowed.family, bits: algorithm.modulusLength, curve: algorithm.namedCurve,
    exponent: exponentNumber(algorithm.publicExponent), extractable,
  });
  const key = (type, may) => newKey({
    type, extractable: may, usages: ofType(type), algorithm, number: answer[type],
  });
  return { publicKey: key("public", true), privateKey: key("private", extractable) };
};

const requireRsa = ({ publicExponent }) => {
  const exponent = exponentNumber(publicExponent);
  if (publicExponent && exponent !== 3 && exponent !== 65537) {
    throw operationError(`The publicExponent may be 3 or 65537, not ${exponent}`);
  }
};
