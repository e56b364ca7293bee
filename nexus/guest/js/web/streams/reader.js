// ReadableStreamDefaultReader: holds the lock on a stream and reads it chunk by chunk.

class ReadableStreamDefaultReader {
  #stream;
  #closed = quietPromise();

  constructor(readable) {
    need(arguments, 1, "ReadableStreamDefaultReader");
    const stream = stateOfStream(readable);
    if (stream.reader) {
      throw new TypeError("The stream has a reader already");
    }
    this.#stream = stream;
    stream.reader = { closed: this.#closed };
    if (stream.state === "closed") this.#closed.resolve(undefined);
    if (stream.state === "errored") this.#closed.reject(stream.error);
  }

  get closed() {
    return this.#closed.promise;
  }

  read() {
    return this.#stream ? readChunk(this.#stream) : Promise.reject(this.#released("read"));
  }

  cancel(reason = undefined) {
    const stream = this.#stream;
    return stream ? cancelStream(stream, reason) : Promise.reject(this.#released("cancel"));
  }

  releaseLock() {
    const stream = this.#stream;
    if (!stream) {
      return;
    }
    const error = this.#released("read");
    if (stream.state !== "readable") this.#closed = quietPromise();
    this.#closed.reject(error);
    stream.reader = undefined;
    this.#stream = undefined;
    for (const { reject } of stream.requests.splice(0)) reject(error);
  }

  #released(what) {
    return new TypeError(`Cannot ${what}: the reader has released its lock`);
  }
}

expose(ReadableStreamDefaultReader);
