// env.KV: the key-value namespaces that the handler's manifest grants. The host answers at once; the
// promises are those of Workers KV, so that its examples run.

const MOST_VALUE_BYTES = 1048576;

// Gives the answer's bytes, or undefined for a key that is absent.
const callStore = (words, value = NO_BYTES) => {
  const line = utf8Encode(`${writeJSON(words)}\n`);
  const message = new Uint8Array(line.byteLength + value.byteLength);
  message.set(line);
  message.set(value, line.byteLength);
  const { status, bytes } = host.call(message);
  if (status === NO_SUCH_KEY) return undefined;
  if (status !== HOST_OK) throw declined(status, parseJSON(utf8DecodeKeepingBom(bytes)));
  return bytes;
};

const askStore = (words, value) => parseJSON(utf8DecodeKeepingBom(callStore(words, value)));

const valueBytes = (value, what) => {
  if (typeof value !== "string" && !isBufferSource(value)) {
    throw new TypeError(
      `${what} must be a string, an ArrayBuffer or a view, but is ${describe(value)}; ` +
      "JSON.stringify makes a string of other values",
    );
  }
  const bytes = typeof value === "string" ? utf8Encode(value) : viewBytes(value);
  if (bytes.byteLength > MOST_VALUE_BYTES) {
    throw new RangeError(`${what} has ${bytes.byteLength} bytes; allowed are ${MOST_VALUE_BYTES}`);
  }
  return bytes;
};

const positiveNumber = (value, what) => {
  if (typeof value !== "number" || !(value > 0) || !Number.isFinite(value)) {
    throw new RangeError(`${what} must be a number above 0, but is ${describe(value)}`);
  }
  return value;
};

// Milliseconds until the entry expires, or null.
const timeToLive = (options) => {
  const { expirationTtl, expiration } = options ?? {};
  if (expirationTtl != null) return Math.ceil(positiveNumber(expirationTtl, "expirationTtl") * 1000);
  if (expiration == null) return null;
  return Math.max(1, Math.ceil(positiveNumber(expiration, "expiration") * 1000 - host.now()));
};

const READERS = {
  __proto__: null,
  text: (bytes) => utf8DecodeKeepingBom(bytes),
  json: (bytes) => parseJSON(utf8DecodeKeepingBom(bytes)),
  arrayBuffer: (bytes) => bytes.slice().buffer,
};

class KVNamespace {
  #name;

  constructor(name, token) {
    if (token !== host) throw new TypeError("Illegal constructor: use env.KV.namespace(name)");
    this.#name = name;
  }

  namespace(name) {
    need(arguments, 1, "KV.namespace");
    return new KVNamespace(toText(name), host);
  }

  async get(key, options) {
    need(arguments, 1, "KV.get");
    const type = (typeof options === "string" ? options : options?.type) ?? "text";
    const reader = READERS[type];
    if (!reader) {
      throw new TypeError(`KV.get knows the types text, json and arrayBuffer, not ${describe(type)}`);
    }
    const bytes = callStore(["kv_get", this.#name, toText(key)]);
    return bytes === undefined ? null : reader(bytes);
  }

  async put(key, value, options) {
    need(arguments, 2, "KV.put");
    const bytes = valueBytes(value, "The value");
    askStore(["kv_put", this.#name, toText(key), timeToLive(options)], bytes);
  }

  async delete(key) {
    need(arguments, 1, "KV.delete");
    askStore(["kv_delete", this.#name, toText(key)]);
  }

  async list(options) {
    const { prefix, cursor, limit } = options ?? {};
    const words = [toText(prefix ?? ""), toText(cursor ?? ""), Math.trunc(Number(limit ?? 1000))];
    return askStore(["kv_list", this.#name, ...words]);
  }

  async increment(key, by = 1, options) {
    need(arguments, 1, "KV.increment");
    if (!Number.isSafeInteger(by)) {
      throw new TypeError(`KV.increment adds a whole number, not ${describe(by)}`);
    }
    return askStore(["kv_increment", this.#name, toText(key), by, timeToLive(options)]);
  }

  async compareAndSet(key, expected, value, options) {
    need(arguments, 3, "KV.compareAndSet");
    const old = expected === null ? NO_BYTES : valueBytes(expected, "The expected value");
    const next = value === null ? NO_BYTES : valueBytes(value, "The value");
    const both = new Uint8Array(old.byteLength + next.byteLength);
    both.set(old);
    both.set(next, old.byteLength);
    const size = expected === null ? null : old.byteLength;
    const words = [toText(key), size, value !== null, timeToLive(options)];
    return askStore(["kv_swap", this.#name, ...words], both);
  }
}

// The handler's environment: strings, KV if the manifest grants a namespace, ASSETS if it has files.
const environmentOf = ({ env = {}, kv, assets }) => {
  if (kv) env.KV = new KVNamespace("self", host);
  if (assets) env.ASSETS = part("assets").assetsBinding;
  return env;
};
