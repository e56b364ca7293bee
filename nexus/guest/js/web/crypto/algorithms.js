// The names of algorithms that crypto.subtle takes: in any case, alone or as {name}.

const HASHES = ["SHA-1", "SHA-256", "SHA-384", "SHA-512"];
const BLOCK_BYTES = { "SHA-1": 64, "SHA-256": 64, "SHA-384": 128, "SHA-512": 128 };
const JWK_ALGORITHMS = {
  "SHA-1": "HS1", "SHA-256": "HS256", "SHA-384": "HS384", "SHA-512": "HS512",
};

const algorithmNamed = (algorithm, known, what) => {
  const given = typeof algorithm === "object" && algorithm !== null ? algorithm.name : algorithm;
  if (given === undefined) {
    throw new TypeError(`The algorithm of ${what} needs a name, one of ${known.join(", ")}`);
  }
  const wanted = toText(given).toUpperCase();
  const name = known.find((one) => one === wanted);
  if (!name) {
    throw new DOMException(
      `${what} does not know ${JSON.stringify(`${given}`)}, only ${known.join(", ")}`,
      "NotSupportedError",
    );
  }
  return name;
};

const hashNamed = (algorithm, what) => algorithmNamed(algorithm, HASHES, what);

// The hash and the length in bits (maybe undefined) of {name: "HMAC", hash, length}.
const hmacParameters = (algorithm, what) => {
  algorithmNamed(algorithm, ["HMAC"], what);
  const { hash, length } = Object(algorithm);
  if (hash === undefined) {
    throw new TypeError(`The algorithm of ${what} needs a hash, one of ${HASHES.join(", ")}`);
  }
  return { hash: hashNamed(hash, what), length: length === undefined ? undefined : +length };
};

const checkUsages = (usages) => {
  const wanted = [...usages].map(toText);
  const unknown = wanted.find((usage) => !KEY_USAGES.includes(usage));
  if (unknown !== undefined) {
    throw new TypeError(`There is no key usage ${JSON.stringify(unknown)}`);
  }
  if (wanted.length === 0 || wanted.some((usage) => usage !== "sign" && usage !== "verify")) {
    throw new DOMException(
      `An HMAC key is for "sign" or "verify" or both, not for [${wanted.join(", ")}]`,
      "SyntaxError",
    );
  }
  return wanted;
};
