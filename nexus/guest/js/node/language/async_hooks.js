// node:async_hooks: AsyncLocalStorage for one chain of calls. QuickJS has no hook for `await`, so a
// store stays current from `run` until the promise that its function returns has settled. Two runs
// at the same time cannot be told apart: what would be a wrong answer is an error.

const OVERLAP = "AsyncLocalStorage: two runs overlap; here a run must end before another begins, or enclose it";

export class AsyncLocalStorage {
  #stores = []; // the innermost last: {store}
  #broken = false;

  static bind(fn) { return fn; }
  static snapshot() { return (fn, ...args) => fn(...args); }

  getStore() {
    if (this.#broken) throw new Error(OVERLAP);
    return this.#stores.at(-1)?.store;
  }

  run(store, callback, ...args) {
    const entry = { store };
    this.#stores.push(entry);
    let result;
    try {
      result = callback(...args);
    } catch (error) {
      this.#leave(entry);
      throw error;
    }
    if (typeof result?.then !== "function") {
      this.#leave(entry);
      return result;
    }
    const leave = () => this.#leave(entry);
    return result.then(
      (value) => (leave(), value),
      (error) => { leave(); throw error; },
    );
  }

  exit(callback, ...args) {
    return this.run(undefined, callback, ...args);
  }

  enterWith(store) {
    const innermost = this.#stores.at(-1);
    if (innermost) innermost.store = store;
    else this.#stores.push({ store });
  }

  disable() {
    this.#stores = [];
  }

  #leave(entry) {
    if (this.#stores.at(-1) === entry) this.#stores.pop();
    else this.#broken = this.#stores.includes(entry);
  }
}

export class AsyncResource {
  constructor(type) { this.type = type; }
  static bind(fn) { return fn; }
  bind(fn) { return fn; }
  runInAsyncScope(fn, self, ...args) { return fn.apply(self, args); }
  emitDestroy() { return this; }
  asyncId() { return 1; }
  triggerAsyncId() { return 0; }
}

export const executionAsyncId = () => 1;
export const triggerAsyncId = () => 0;
export default { AsyncLocalStorage, AsyncResource, executionAsyncId, triggerAsyncId };
