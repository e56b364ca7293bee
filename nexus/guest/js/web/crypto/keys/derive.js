// deriveBits and deriveKey: what they derive stays on the host if it becomes a key.

const requirePartner = (algorithm, inner) => {
  const { name, public: partner } = algorithm;
  if (partner.type !== "public" || partner.algorithm.name !== name) {
    throw accessError(`The other side's key must be a public key for ${name}`);
  }
  if (partner.algorithm.namedCurve !== inner.algorithm.namedCurve) {
    throw accessError(
      `The keys are of two curves: ${inner.algorithm.namedCurve}, ${partner.algorithm.namedCurve}`,
    );
  }
};

// `length` in bits; null: as many as the two keys give.
const derive = (algorithm, inner, length, keeping) => {
  const { name, hash, rounds, pieces } = algorithm;
  const fields = { name, hash, rounds, key: numberOf(inner), ...keeping };
  if (algorithm.public) {
    requirePartner(algorithm, inner);
    return askCrypto("derive", {
      ...fields, public: numberOf(algorithm.public), bits: length ?? undefined,
    });
  }
  if (length === null || length % 8 !== 0) {
    throw operationError(`${name} derives whole bytes: its length is a multiple of 8, not ${length}`);
  }
  if (rounds === 0) throw operationError("PBKDF2 takes at least one iteration");
  return askCrypto("derive", { ...fields, size: length / 8 }, pieces);
};

const lengthOfDerived = ({ name, hash, length }) => {
  if (name === "HKDF" || name === "PBKDF2") return null;
  if (name === "HMAC") {
    if (length === 0) throw new TypeError("The length of an HMAC key is not 0");
    return length ?? BLOCK_BITS[hash];
  }
  if (!isAesLength(length)) {
    throw operationError(`An AES key has 128, 192 or 256 bits, not ${length}`);
  }
  return length;
};

const deriveKey = (algorithm, inner, wanted, lengths, extractable, usages) => {
  const { name } = wanted;
  if (algorithm.public) requirePartner(algorithm, inner);
  const length = lengthOfDerived(lengths);
  if (host.isLoading()) {
    const bits = derive(algorithm, inner, length).bytes;
    return importSecret("raw", bits, wanted, extractable, usages);
  }
  requireUsages(usages, KINDS[name].secret, nameOfKey(name, "secret"));
  if (length === null && extractable && !name.startsWith("AES-") && name !== "HMAC") {
    throw syntaxError(`A key for ${name} cannot be extractable`);
  }
  const { answer } = derive(algorithm, inner, length, { keeps: true, extractable });
  requireSomeUsage(usages, KINDS[name].secret, nameOfKey(name, "secret"));
  return newKey({
    type: "secret", extractable, usages, number: answer.key,
    algorithm: algorithmOfSecret(wanted, 8 * answer.size),
  });
};
