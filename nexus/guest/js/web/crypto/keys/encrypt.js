// encrypt and decrypt, and the wrapping of keys.

const TAG_BITS = [32, 64, 96, 104, 112, 120, 128];

const requireSixteen = (bytes, what) => {
  if (bytes.length !== 16) throw operationError(`${what} has 16 bytes, not ${bytes.length}`);
};

const requireParameters = ({ name, first, bits, tag }) => {
  if (name === "AES-CBC") requireSixteen(first, "The iv of AES-CBC");
  if (name === "AES-CTR") {
    requireSixteen(first, "The counter of AES-CTR");
    if (bits < 1 || bits > 128) {
      throw operationError(`The length of a counter is 1 to 128 bits, not ${bits}`);
    }
  }
  if (name === "AES-GCM" && !TAG_BITS.includes(tag)) {
    throw operationError(`A tagLength is one of ${TAG_BITS.join(", ")}, not ${tag}`);
  }
};

// `op` is encrypt or decrypt; `inner` allows it already.
const crypt = (op, algorithm, inner, data) => {
  requireParameters(algorithm);
  const { name, bits, tag, first = NO_BYTES, second = NO_BYTES } = algorithm;
  return cryptoBytes(op, {
    name, key: numberOf(inner), bits, tag: tag === undefined ? undefined : tag / 8,
    hash: inner.algorithm.hash,
  }, [data, first, second]);
};

// wrapKey takes what AES-KW takes, or else what encrypt takes.
const normalizeWrap = (operation, algorithm) =>
  normalize(knows(operation, algorithm) ? operation : { wrapKey: "encrypt", unwrapKey: "decrypt" }[operation], algorithm);

const wrapKey = (format, key, wrappingKey, algorithm) => {
  const wrapping = keyFor(wrappingKey, algorithm.name, "wrapKey");
  const inner = innerOf(key);
  const found = exportKey(format, inner);
  const bytes = format === "jwk" ? utf8Encode(writeJSON(found)) : new Uint8Array(found);
  return crypt("encrypt", algorithm, wrapping, bytes);
};

const unwrapped = (format, wrapped, unwrappingKey, algorithm) => {
  const inner = keyFor(unwrappingKey, algorithm.name, "unwrapKey");
  const bytes = new Uint8Array(crypt("decrypt", algorithm, inner, wrapped));
  if (format !== "jwk") return bytes;
  try {
    return parseJSON(utf8Decode(bytes));
  } catch {
    throw dataError("The unwrapped key is not a JWK");
  }
};
