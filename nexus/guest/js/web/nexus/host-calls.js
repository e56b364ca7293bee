// Calls of the host that the handler's manifest has to grant. A call that the host declines throws.

const { parse: parseJSON, stringify: writeJSON } = JSON;

const HOST_LATER = 1, HOST_OK = 0, NO_SUCH_KEY = -1, DENIED = -2, INVALID = -3, UNAVAILABLE = -4, FAILED = -7;
const STORE_UNAVAILABLE = -8, STORE_FULL = -9;

const ERROR_NAMES = {
  __proto__: null,
  [DENIED]: "PermissionDenied",
  [UNAVAILABLE]: "NotAvailable",
  [FAILED]: "ExtensionError",
  [STORE_UNAVAILABLE]: "StoreUnavailable",
  [STORE_FULL]: "StoreFull",
};

const declined = (status, message) => {
  if (status === INVALID) return new TypeError(message);
  const error = new Error(typeof message === "string" ? message : writeJSON(message));
  Object.defineProperty(error, "name", {
    value: ERROR_NAMES[status] ?? "Error", writable: true, configurable: true,
  });
  return error;
};

// Stands in for the answer of an extension that comes later, to the question of this number.
class Later {
  constructor(number) {
    this.number = number;
  }
}

// `words` are strings; `value` is JSON. Gives a JSON value, or undefined for a key that is absent.
const callHost = (words, value = "") => {
  const { status, bytes } = host.call(utf8Encode(`${writeJSON(words)}\n${value}`));
  if (status === NO_SUCH_KEY) return undefined;
  const answer = parseJSON(utf8DecodeKeepingBom(bytes));
  if (status === HOST_LATER) return new Later(answer);
  if (status !== HOST_OK) throw declined(status, answer);
  return answer;
};

const toJSONText = (value, what) => {
  const text = writeJSON(value);
  if (text === undefined) {
    throw new TypeError(`${what} must be a value that JSON has, but is ${describe(value)}`);
  }
  return text;
};
