// Messages to the host's part of Web Crypto (nexus/guest/js/webcrypto).

const domError = (name) => (message) => new DOMException(message, name);
const accessError = domError("InvalidAccessError");
const dataError = domError("DataError");
const operationError = domError("OperationError");
const syntaxError = domError("SyntaxError");
const unsupported = domError("NotSupportedError");

// {answer, bytes} of one message; `pieces` are arrays of bytes.
const askCrypto = (op, fields, pieces = []) => {
  const { status, bytes } = host.crypto(hostMessage({ op, ...fields }, pieces));
  const end = bytes.indexOf(0x0a);
  const answer = parseJSON(utf8DecodeKeepingBom(bytes.subarray(0, end)));
  if (status !== 0) throw new DOMException(answer.message, answer.name);
  return { answer, bytes: bytes.slice(end + 1) };
};

const cryptoBytes = (op, fields, pieces) => askCrypto(op, fields, pieces).bytes.buffer;

// The host's number of a key. The host knows no key of the snapshot: it gets the bytes again.
const numberOf = (inner) => {
  if (inner.material === undefined || inner.number !== undefined) return inner.number;
  const { family, form, curve, extractable } = inner;
  const { answer } = askCrypto("import", {
    family, form, curve, extractable, private: inner.type === "private",
  }, [inner.material]);
  if (!host.isLoading()) inner.number = answer.key;
  return answer.key;
};

// Sends a key to the host: what came of it, {answer, number, material, …} for the inner record.
const sendKey = (fields, pieces) => {
  const { answer, bytes } = askCrypto("import", fields, pieces);
  const kept = host.isLoading()
    ? {
      material: bytes, family: fields.family, curve: fields.curve,
      form: fields.family === "secret" ? "raw" : answer.private ? "pkcs8" : "spki",
    }
    : { number: answer.key };
  return { answer, kept };
};
