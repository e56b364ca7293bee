// importKey: bytes or a JWK become a key on the host.

const requireForm = (format, data, allowed, name) => {
  if (!allowed.includes(format)) {
    const shown = allowed.map((one) => JSON.stringify(one)).join(" or ");
    throw unsupported(`A key for ${name} comes as ${shown}, not as ${JSON.stringify(format)}`);
  }
  if (format === "jwk") {
    requireJwk(data);
    return [];
  }
  return [toBytes(data, `A key as ${format}`).slice()];
};

const formatsOfPair = (family) =>
  family === "RSA" ? ["spki", "pkcs8", "jwk"] : ["raw", "spki", "pkcs8", "jwk"];

const typeOfForm = (format, data) => {
  if (format === "jwk") return data.d === undefined ? "public" : "private";
  return format === "pkcs8" ? "private" : "public";
};

const importPair = (format, data, algorithm, extractable, usages) => {
  const { name, namedCurve: curve } = algorithm;
  const { family, ...allowed } = KINDS[name];
  const pieces = requireForm(format, data, formatsOfPair(family), name);
  requireCurve(algorithm);
  const type = typeOfForm(format, data);
  requireUsages(usages, allowed[type], nameOfKey(name, type));
  if (format === "jwk") {
    requireKind(data, algorithm);
    requirePurpose(data, algorithm, extractable, usages);
  }
  const { answer, kept } = sendKey({
    family, curve, form: format, private: type === "private", extractable,
    jwk: format === "jwk" ? numbersOfJwk(data) : undefined,
  }, pieces);
  if (type === "private") requireSomeUsage(usages, allowed.private, nameOfKey(name, type));
  const rsa = family === "RSA" && {
    modulusLength: answer.bits,
    publicExponent: Uint8Array.fromBase64(answer.exponent, { alphabet: "base64url" }),
  };
  return newKey({
    type, extractable, usages, algorithm: { name, ...rsa, ...without(algorithm) }, ...kept,
  });
};

const without = ({ name, ...rest }) => rest;

const lengthOfHmac = (bits, length) => {
  if (bits === 0) throw dataError("An HMAC key must not be empty");
  if (length !== undefined && length !== bits) {
    throw dataError(`The key has ${bits} bits, not ${length}`);
  }
  return bits;
};

const algorithmOfSecret = (algorithm, bits) => {
  const { name } = algorithm;
  if (name === "HMAC") return { ...algorithm, length: lengthOfHmac(bits, algorithm.length) };
  if (!name.startsWith("AES-")) return { name };
  if (!isAesLength(bits)) {
    throw dataError(`An AES key has 128, 192 or 256 bits, not ${bits}`);
  }
  return { name, length: bits };
};

const importSecret = (format, data, algorithm, extractable, usages) => {
  const { name } = algorithm;
  const forms = KINDS[name] === KINDS.HMAC || name.startsWith("AES-") ? ["raw", "jwk"] : ["raw"];
  const pieces = requireForm(format, data, forms, name);
  requireUsages(usages, KINDS[name].secret, nameOfKey(name, "secret"));
  if (forms.length === 1 && extractable) {
    throw syntaxError(`A key for ${name} cannot be extractable`);
  }
  if (format === "jwk") requireKind(data, algorithm);
  const { answer, kept } = sendKey({
    family: "secret", form: format, extractable,
    jwk: format === "jwk" ? numbersOfJwk(data) : undefined,
  }, pieces);
  const whole = algorithmOfSecret(algorithm, 8 * answer.size);
  if (format === "jwk") requirePurpose(data, whole, extractable, usages);
  requireSomeUsage(usages, KINDS[name].secret, nameOfKey(name, "secret"));
  return newKey({ type: "secret", extractable, usages, algorithm: whole, ...kept });
};

const importKey = (format, data, algorithm, extractable, usages) => {
  const secret = KINDS[algorithm.name].family === "secret";
  return (secret ? importSecret : importPair)(format, data, algorithm, extractable, usages);
};
