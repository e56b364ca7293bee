// AbortController and AbortSignal.

const SIGNAL_KEY = Symbol("the key that only this file has");
let abortSignal; // (signal, reason)
let onAbort; // (signal, callback): runs before the event's listeners
let offAbort; // (signal, callback): takes it back
let followSignals; // a new signal that aborts with the first of others

class AbortSignal extends EventTarget {
  #aborted = false;
  #reason;
  #callbacks = [];
  #followers = []; // signals that were made by any()
  #sources; // for a signal that was made by any(): those at the root of it

  constructor(key) {
    if (key !== SIGNAL_KEY) {
      throw new TypeError("AbortSignal cannot be constructed; use AbortController");
    }
    super();
  }

  static {
    abortSignal = (signal, reason) => signal.#abort(reason);
    onAbort = (signal, callback) => signal.#callbacks.push(callback);
    offAbort = (signal, callback) => {
      signal.#callbacks = signal.#callbacks.filter((one) => one !== callback);
    };
    followSignals = (signals) => {
      const follower = new AbortSignal(SIGNAL_KEY);
      const aborted = signals.find((signal) => signal.#aborted);
      if (aborted) {
        follower.#aborted = true;
        follower.#reason = aborted.#reason;
        return follower;
      }
      follower.#sources = new Set(signals.flatMap((signal) => [...(signal.#sources ?? [signal])]));
      for (const source of follower.#sources) source.#followers.push(follower);
      return follower;
    };
  }

  static abort(reason = newAbortError()) {
    const signal = new AbortSignal(SIGNAL_KEY);
    signal.#aborted = true;
    signal.#reason = reason;
    return signal;
  }

  static timeout(milliseconds) {
    need(arguments, 1, "AbortSignal.timeout");
    const delay = Math.trunc(+milliseconds);
    if (!(delay >= 0 && delay <= Number.MAX_SAFE_INTEGER)) {
      throw new TypeError(
        `AbortSignal.timeout takes 0 to 2^53-1 milliseconds, not ${describe(milliseconds)}`,
      );
    }
    const signal = new AbortSignal(SIGNAL_KEY);
    const expire = () => signal.#abort(new DOMException("The time ran out", "TimeoutError"));
    startTimer("AbortSignal.timeout", expire, Math.min(delay, 0x7fffffff), [], false);
    return signal;
  }

  static any(signals) {
    need(arguments, 1, "AbortSignal.any");
    const found = [...signals];
    for (const signal of found) {
      if (!(signal instanceof AbortSignal)) {
        throw new TypeError(`AbortSignal.any takes AbortSignals, not ${describe(signal)}`);
      }
    }
    return followSignals(found);
  }

  get aborted() {
    return this.#aborted;
  }

  get reason() {
    return this.#reason;
  }

  throwIfAborted() {
    if (this.#aborted) {
      throw this.#reason;
    }
  }

  // All signals are aborted before the first listener hears of it.
  #abort(reason = newAbortError()) {
    if (this.#aborted) {
      return;
    }
    const reached = [this, ...this.#followers.filter((follower) => !follower.#aborted)];
    for (const signal of reached) {
      signal.#aborted = true;
      signal.#reason = reason;
    }
    for (const signal of reached) {
      for (const callback of signal.#callbacks.splice(0)) callback();
      signal.dispatchEvent(trustedEvent("abort"));
    }
  }
}

const newAbortError = () => new DOMException("The operation was aborted", "AbortError");

defineHandler(AbortSignal, "abort");
expose(AbortSignal);

class AbortController {
  #signal = new AbortSignal(SIGNAL_KEY);

  get signal() {
    return this.#signal;
  }

  abort(reason = undefined) {
    abortSignal(this.#signal, reason);
  }
}

expose(AbortController);
