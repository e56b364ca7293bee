// node:timers, and setImmediate. Timers are numbers here, without ref() and unref().

export const { setTimeout, setInterval, clearTimeout, clearInterval } = globalThis;
export const setImmediate = (callback, ...args) => setTimeout(callback, 0, ...args);
export const clearImmediate = (timer) => clearTimeout(timer);

const later = (delay, value, { signal } = {}) => new Promise((resolve, reject) => {
  signal?.throwIfAborted();
  const timer = setTimeout(resolve, delay, value);
  signal?.addEventListener("abort", () => {
    clearTimeout(timer);
    reject(signal.reason);
  }, { once: true });
});

export const promises = {
  setTimeout: later,
  setImmediate: (value, options) => later(0, value, options),
  async *setInterval(delay, value) {
    for (;;) yield await later(delay, value);
  },
  scheduler: { wait: (delay, options) => later(delay, undefined, options), yield: () => later(0) },
};

export default {
  setTimeout, setInterval, clearTimeout, clearInterval, setImmediate, clearImmediate, promises,
};
