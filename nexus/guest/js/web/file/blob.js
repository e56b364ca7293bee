// Blob and File: bytes that do not change, with a type. A slice shares its Blob's bytes.

let blobBytes; // (blob): its bytes, not copied; never hand them out
let blobOf; // (bytes, type): a Blob of these bytes, not copied

const BLOB_KEY = Symbol("the key that only this file has");

class Blob {
  #bytes;
  #type;

  constructor(parts = undefined, options = undefined) {
    if (parts === BLOB_KEY) {
      this.#bytes = options.bytes;
      this.#type = options.type;
      return;
    }
    const { endings = "transparent", type = "" } = toDictionary(options, "The options of a Blob");
    const ending = toText(endings);
    if (ending !== "transparent" && ending !== "native") {
      throw new TypeError(
        `The option endings is "transparent" or "native", not ${describe(endings)}`,
      );
    }
    this.#bytes = joinParts(blobParts(parts, ending === "native"));
    this.#type = blobType(type);
  }

  static {
    blobBytes = (blob) => blob.#bytes;
    blobOf = (bytes, type) => new Blob(BLOB_KEY, { bytes, type });
  }

  get size() {
    return this.#bytes.length;
  }

  get type() {
    return this.#type;
  }

  slice(start = 0, end = this.size, contentType = "") {
    const part = this.#bytes.subarray(toClampedInteger(start), toClampedInteger(end));
    return blobOf(part, blobType(contentType));
  }

  async arrayBuffer() {
    return this.#bytes.slice().buffer;
  }

  async bytes() {
    return this.#bytes.slice();
  }

  async text() {
    return utf8Decode(this.#bytes);
  }

  stream() {
    return part("streams").streamOfBytes(this.#bytes.slice());
  }
}

expose(Blob);

class File extends Blob {
  #name;
  #lastModified;

  constructor(parts, name, options = undefined) {
    need(arguments, 2, "File");
    super(parts, options);
    this.#name = toUSV(name);
    const { lastModified } = toDictionary(options, "The options of a File");
    this.#lastModified = lastModified === undefined ? host.now() : Math.trunc(+lastModified) || 0;
  }

  get name() {
    return this.#name;
  }

  get lastModified() {
    return this.#lastModified;
  }

  get webkitRelativePath() {
    return "";
  }
}

expose(File);

const blobType = (type) => {
  const text = toText(type);
  return /[^\x20-\x7e]/.test(text) ? "" : text.toLowerCase();
};

// Returns the parts as bytes, in order; a part that does not hold bytes is made a string first.
const blobParts = (parts, nativeEndings) => {
  if (parts === undefined) {
    return [];
  }
  if (parts === null || typeof parts !== "object" || typeof parts[Symbol.iterator] !== "function") {
    throw new TypeError(`The parts of a Blob come in an array, but got ${describe(parts)}`);
  }
  return Array.from(parts, (part) => {
    if (part instanceof Blob) return blobBytes(part);
    if (isBufferSource(part)) return viewBytes(part);
    const text = toText(part);
    return utf8Encode(nativeEndings ? text.replace(/\r\n?/g, "\n") : text);
  });
};

const joinParts = (pieces) => (pieces.length === 1 ? pieces[0].slice() : concatBytes(pieces));
