// sign and verify.

const signingFields = (algorithm, inner) => ({
  name: algorithm.name, key: numberOf(inner), salt: algorithm.salt,
  hash: algorithm.hash ?? inner.algorithm.hash,
});

const requireType = (inner, type, what) => {
  if (inner.type !== type && inner.type !== "secret") {
    throw accessError(`${what} needs a ${type} key, not a ${inner.type} one`);
  }
};

const sign = (algorithm, key, data) => {
  const inner = keyFor(key, algorithm.name, "sign");
  requireType(inner, "private", "sign");
  return cryptoBytes("sign", signingFields(algorithm, inner), [data]);
};

const verify = (algorithm, key, signature, data) => {
  const inner = keyFor(key, algorithm.name, "verify");
  requireType(inner, "public", "verify");
  return askCrypto("verify", signingFields(algorithm, inner), [signature, data]).answer;
};
