// node:events: EventEmitter.

const isListener = (listener) => {
  if (typeof listener === "function") return;
  const error = new TypeError(
    `The "listener" argument must be of type function. Received ${listener === null ? "null" : typeof listener}`,
  );
  error.code = "ERR_INVALID_ARG_TYPE";
  throw error;
};

const listenersOf = (emitter) => {
  if (!emitter._events || !Object.hasOwn(emitter, "_events")) emitter._events = { __proto__: null };
  return emitter._events;
};

function add(emitter, name, listener, first) {
  isListener(listener);
  const all = listenersOf(emitter);
  if (all.newListener) emitter.emit("newListener", name, listener.listener ?? listener);
  const list = all[name] ?? [];
  all[name] = first ? [listener, ...list] : [...list, listener];
  return emitter;
}

const onceWrapper = (emitter, name, listener) => {
  isListener(listener);
  const wrapper = function (...args) {
    emitter.removeListener(name, wrapper);
    return listener.apply(emitter, args);
  };
  wrapper.listener = listener;
  return wrapper;
};

// A function, since people call it without `new`: `EventEmitter.call(this)`, `util.inherits`.
export function EventEmitter() {
  listenersOf(this);
}

const methods = {
  on(name, listener) { return add(this, name, listener, false); },
  addListener(name, listener) { return this.on(name, listener); },
  prependListener(name, listener) { return add(this, name, listener, true); },
  once(name, listener) { return this.on(name, onceWrapper(this, name, listener)); },
  prependOnceListener(name, listener) {
    return this.prependListener(name, onceWrapper(this, name, listener));
  },
  removeListener(name, listener) {
    const all = listenersOf(this), list = all[name];
    const at = list?.findLastIndex((one) => one === listener || one.listener === listener) ?? -1;
    if (at < 0) return this;
    all[name] = list.toSpliced(at, 1);
    if (all[name].length === 0) delete all[name];
    if (all.removeListener) this.emit("removeListener", name, listener);
    return this;
  },
  off(name, listener) { return this.removeListener(name, listener); },
  removeAllListeners(name) {
    const all = listenersOf(this);
    for (const one of name === undefined ? Reflect.ownKeys(all) : [name]) delete all[one];
    return this;
  },
  emit(name, ...args) {
    const list = listenersOf(this)[name];
    if (!list) {
      if (name !== "error") return false;
      if (args[0] instanceof Error) throw args[0];
      const error = new Error(`Unhandled error. (${String(args[0])})`);
      error.code = "ERR_UNHANDLED_ERROR";
      error.context = args[0];
      throw error;
    }
    for (const listener of list) listener.apply(this, args);
    return true;
  },
  listenerCount(name, listener) {
    const list = listenersOf(this)[name] ?? [];
    return listener === undefined ? list.length
      : list.filter((one) => one === listener || one.listener === listener).length;
  },
  listeners(name) { return (listenersOf(this)[name] ?? []).map((one) => one.listener ?? one); },
  rawListeners(name) { return [...(listenersOf(this)[name] ?? [])]; },
  eventNames() { return Reflect.ownKeys(listenersOf(this)); },
  setMaxListeners(count) { this._maxListeners = count; return this; },
  getMaxListeners() { return this._maxListeners ?? EventEmitter.defaultMaxListeners; },
};
for (const [name, value] of Object.entries(methods)) {
  Object.defineProperty(EventEmitter.prototype, name, {
    value, writable: true, configurable: true, enumerable: true,
  });
}

export const once = (emitter, name, { signal } = {}) => new Promise((resolve, reject) => {
  signal?.throwIfAborted();
  if (typeof emitter.addEventListener === "function") {
    emitter.addEventListener(name, (event) => resolve([event]), { once: true });
    return;
  }
  const done = (...args) => { emitter.removeListener("error", failed); resolve(args); };
  const failed = (error) => { emitter.removeListener(name, done); reject(error); };
  emitter.once(name, done);
  if (name !== "error") emitter.once("error", failed);
  signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
});

export const listenerCount = (emitter, name) => emitter.listenerCount(name);
export const defaultMaxListeners = 10;
export const errorMonitor = Symbol("events.errorMonitor");
export const captureRejectionSymbol = Symbol.for("nodejs.rejection");

export default Object.assign(EventEmitter, {
  EventEmitter, once, listenerCount, defaultMaxListeners, errorMonitor, captureRejectionSymbol,
});
