// exportKey: what a key is, as bytes or as a JWK.

const requireExtractable = (inner) => {
  if (!inner.extractable) throw accessError("The key is not extractable");
};

const FORMS_OUT = {
  secret: ["raw", "jwk"],
  public: ["raw", "spki", "jwk"],
  private: ["pkcs8", "jwk"],
};

const requireFormOut = (format, { type, algorithm: { name } }) => {
  const { family } = KINDS[name];
  const known = family === "secret" ? FORMS_OUT.secret : formatsOfPair(family);
  if (!known.includes(format)) {
    const shown = known.map((one) => JSON.stringify(one)).join(" or ");
    throw unsupported(`A key for ${name} goes out as ${shown}, not as ${JSON.stringify(format)}`);
  }
  if (!FORMS_OUT[type].includes(format)) {
    const shown = FORMS_OUT[type].map((one) => JSON.stringify(one)).join(" or ");
    throw accessError(`A ${type} key goes out as ${shown}, not as ${JSON.stringify(format)}`);
  }
};

const exportKey = (format, inner) => {
  requireFormOut(format, inner);
  requireExtractable(inner);
  const { answer, bytes } = askCrypto("export", { key: numberOf(inner), form: format });
  if (format !== "jwk") return bytes.buffer;
  const [alg] = jwkAlgorithms(inner.algorithm);
  return {
    ...answer, ...(alg && { alg }), key_ops: [...inner.usages], ext: inner.extractable,
  };
};
