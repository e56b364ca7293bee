// EventTarget. What a listener throws goes to the log and stops nothing.

let hasListener; // (target, type)
let firstError; // takes what a listener throws, instead of the log, while it is set

class EventTarget {
  #listeners = []; // {type, callback, capture, once, passive, removed}

  static {
    hasListener = (target, type) => target.#listeners.some((one) => one.type === type);
  }

  addEventListener(type, callback, options = undefined) {
    need(arguments, 2, "addEventListener");
    const wanted = listenerOptions(options);
    const { signal } = wanted;
    if (callback === null || callback === undefined || signal?.aborted) {
      return;
    }
    if (typeof callback !== "function" && typeof callback !== "object") {
      throw new TypeError(`A listener is a function or an object, not ${describe(callback)}`);
    }
    const listener = { type: toText(type), callback, removed: false, ...wanted };
    if (!this.#find(listener)) {
      this.#listeners.push(listener);
      if (signal) onAbort(signal, () => this.#remove(listener));
    }
  }

  removeEventListener(type, callback, options = undefined) {
    need(arguments, 2, "removeEventListener");
    const capture = typeof options === "object" ? Boolean(options?.capture) : Boolean(options);
    const listener = this.#find({ type: toText(type), callback, capture });
    if (listener) this.#remove(listener);
  }

  dispatchEvent(event) {
    need(arguments, 1, "dispatchEvent");
    if (!(event instanceof Event)) {
      throw new TypeError(`dispatchEvent needs an Event, but got ${describe(event)}`);
    }
    if (isDispatching(event)) {
      throw new DOMException("The event is being dispatched already", "InvalidStateError");
    }
    beginDispatch(event, this);
    const listeners = this.#listeners.filter(({ type }) => type === event.type);
    for (const capture of [true, false]) { // at the target, capturing listeners come first
      if (!isStopped(event)) this.#invoke(event, listeners, capture);
    }
    endDispatch(event);
    return !event.defaultPrevented;
  }

  #invoke(event, listeners, capture) {
    for (const listener of listeners) {
      if (stoppedImmediately(event)) return;
      if (listener.capture === capture && !listener.removed) {
        if (listener.once) this.#remove(listener);
        setPassive(event, listener.passive);
        callListener(listener.callback, event);
        setPassive(event, false);
      }
    }
  }

  #find({ type, callback, capture }) {
    return this.#listeners.find(
      (one) => one.type === type && one.callback === callback && one.capture === capture,
    );
  }

  #remove(listener) {
    listener.removed = true;
    this.#listeners = this.#listeners.filter((one) => one !== listener);
  }
}

const listenerOptions = (options) => {
  if (options === null || typeof options !== "object") {
    return { capture: Boolean(options), once: false, passive: false };
  }
  const { capture, once, passive, signal } = options;
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw new TypeError(`The option signal must be an AbortSignal, not ${describe(signal)}`);
  }
  return { capture: Boolean(capture), once: Boolean(once), passive: Boolean(passive), signal };
};

const callListener = (callback, event) => {
  try {
    if (typeof callback === "function") {
      callback.call(event.currentTarget, event);
      return;
    }
    const { handleEvent } = callback;
    if (typeof handleEvent !== "function") {
      throw new TypeError("The listener is an object without a function handleEvent");
    }
    handleEvent.call(callback, event);
  } catch (error) {
    if (firstError) firstError(error);
    else logUncaught(error);
  }
};

expose(EventTarget);

// `target.onTYPE = function`: one listener that keeps its place when it is replaced.
const defineHandler = (Class, type) => {
  const handlers = new WeakMap();
  Object.defineProperty(Class.prototype, `on${type}`, {
    get() {
      return handlers.get(this) ?? null;
    },
    set(handler) {
      if (!handlers.has(this)) {
        this.addEventListener(type, (event) => handlers.get(this)?.call(this, event));
      }
      handlers.set(this, typeof handler === "function" ? handler : null);
    },
    enumerable: true, configurable: true,
  });
};
