// `for await (const chunk of stream)`: calls come one after the other; leaving the loop early
// cancels the stream, unless {preventCancel: true}.

const AsyncIteratorPrototype = Object.getPrototypeOf(
  Object.getPrototypeOf(async function* () {}).prototype,
);

class StreamIterator {
  #reader;
  #preventCancel;
  #last; // the call that is under way
  #finished = false;

  constructor(reader, preventCancel) {
    this.#reader = reader;
    this.#preventCancel = preventCancel;
  }

  next() {
    return this.#queue(() => this.#next());
  }

  return(value) {
    return this.#queue(() => this.#return(value));
  }

  // The first step begins at once: return() gives the lock back before it returns.
  #queue(step) {
    const result = this.#last ? this.#last.then(step, step) : step();
    const done = () => {
      if (this.#last === result) this.#last = undefined;
    };
    this.#last = result;
    result.then(done, done);
    return result;
  }

  async #next() {
    if (this.#finished) {
      return { value: undefined, done: true };
    }
    try {
      const result = await this.#reader.read();
      if (result.done) this.#finish();
      return result;
    } catch (error) {
      this.#finish();
      throw error;
    }
  }

  async #return(value) {
    if (!this.#finished) {
      const cancelled = this.#preventCancel ? undefined : this.#reader.cancel(value);
      this.#finish();
      await cancelled;
    }
    return { value, done: true };
  }

  #finish() {
    this.#finished = true;
    this.#reader.releaseLock();
  }
}

delete StreamIterator.prototype.constructor;
enumerateMembers(StreamIterator.prototype);
Object.setPrototypeOf(StreamIterator.prototype, AsyncIteratorPrototype);
