// Arguments by the rules of Web IDL, and dictionaries that an algorithm's name comes with.

const OCTET = 255, SHORT = 65535, LONG = 4294967295;

const required = (given, member, what) => {
  if (given[member] === undefined) {
    throw new TypeError(`The algorithm of ${what} needs a ${member}`);
  }
  return given[member];
};

const bytesMember = (given, member, what) =>
  toBytes(required(given, member, what), `The ${member} of ${what}`).slice();

const optionalBytes = (given, member, what) =>
  given[member] === undefined ? NO_BYTES : bytesMember(given, member, what);

const hashMember = (given, what) => {
  const hash = required(given, "hash", what);
  return normalize("digest", hash).name;
};

const KEY_FORMATS = ["raw", "spki", "pkcs8", "jwk"];

const toFormat = (value) => {
  const format = toText(value);
  if (!KEY_FORMATS.includes(format)) {
    throw new TypeError(
      `The format of a key is one of ${KEY_FORMATS.join(", ")}, not ${describe(value)}`,
    );
  }
  return format;
};

const toUsages = (value) => {
  const usages = [...value].map(toText);
  const unknown = usages.find((usage) => !KEY_USAGES.includes(usage));
  if (unknown !== undefined) {
    throw new TypeError(
      `There is no key usage ${JSON.stringify(unknown)}, only ${KEY_USAGES.join(", ")}`,
    );
  }
  return usages;
};
