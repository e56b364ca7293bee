// CompressionStream and DecompressionStream: the host compresses, with zlib.

const MORE = 1, FAILED_ZLIB = 2;
const COMPRESSIONS = ["deflate", "deflate-raw", "gzip"];

// {status, bytes} of one message. The bytes are good until the next one.
const askZlib = (op, stream, pieces) => {
  const { status, bytes } = host.zlib(hostMessage({ op, stream }, pieces));
  if (status === FAILED_ZLIB) throw new TypeError(`Cannot ${op}: ${utf8Decode(bytes)}`);
  return { status, bytes };
};

const zlibTransform = (op, format, what) => {
  const name = toText(format);
  if (!COMPRESSIONS.includes(name)) {
    throw new TypeError(`${what} knows ${COMPRESSIONS.join(", ")}, not ${describe(format)}`);
  }
  let stream;
  const run = (step, bytes, controller) => {
    stream ??= Number(utf8Decode(askZlib(op, name, []).bytes));
    let found = askZlib(step, stream, [bytes]);
    for (;;) {
      if (found.bytes.length > 0) controller.enqueue(found.bytes.slice());
      if (found.status !== MORE) return;
      found = askZlib(step === "end" ? "end" : "more", stream, []);
    }
  };
  return new TransformStream({
    transform: (chunk, controller) => run("write", toBytes(chunk, "A chunk"), controller),
    flush: (controller) => run("end", NO_BYTES, controller),
  });
};

class CompressionStream {
  #transform;

  constructor(format) {
    need(arguments, 1, "CompressionStream");
    this.#transform = zlibTransform("compress", format, "CompressionStream");
  }

  get readable() { return this.#transform.readable; }
  get writable() { return this.#transform.writable; }
}

class DecompressionStream {
  #transform;

  constructor(format) {
    need(arguments, 1, "DecompressionStream");
    this.#transform = zlibTransform("decompress", format, "DecompressionStream");
  }

  get readable() { return this.#transform.readable; }
  get writable() { return this.#transform.writable; }
}

expose(CompressionStream);
expose(DecompressionStream);
