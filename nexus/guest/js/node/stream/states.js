// What readable and writable streams share: the base class, destroying, errors with Node's codes.

import { EventEmitter } from "node:events";

export const later = (callback, ...args) => queueMicrotask(() => callback(...args));

export const coded = (Class, code, message) => Object.assign(new Class(message), { code });
export const prematureClose = () => coded(Error, "ERR_STREAM_PREMATURE_CLOSE", "Premature close");
export const wasDestroyed = (what) =>
  coded(Error, "ERR_STREAM_DESTROYED", `Cannot call ${what} after a stream was destroyed`);
export const notImplemented = (what) =>
  coded(Error, "ERR_METHOD_NOT_IMPLEMENTED", `The ${what} method is not implemented`);
export const wrongChunk = (chunk) => coded(
  TypeError, "ERR_INVALID_ARG_TYPE",
  'The "chunk" argument must be of type string or an instance of Buffer, TypedArray, or DataView.' +
    ` Received ${chunk === null ? "null" : typeof chunk}`,
);

export const isNode = (value) => Boolean(value?._readableState || value?._writableState);

let defaultBytes = 16384, defaultObjects = 16;
export const getDefaultHighWaterMark = (objects) => (objects ? defaultObjects : defaultBytes);
export const setDefaultHighWaterMark = (objects, value) => {
  if (objects) defaultObjects = value;
  else defaultBytes = value;
};

// The fields that both kinds of state have; `side` is "readable" or "writable".
export const commonState = (options, side, isDuplex) => {
  const objectMode = Boolean(options?.objectMode || (isDuplex && options?.[`${side}ObjectMode`]));
  const given = options?.highWaterMark ?? (isDuplex ? options?.[`${side}HighWaterMark`] : undefined);
  return {
    objectMode, highWaterMark: given ?? getDefaultHighWaterMark(objectMode), length: 0,
    constructed: true, destroyed: false, errored: null, closed: false, errorEmitted: false,
    closeEmitted: false, emitClose: options?.emitClose !== false,
    autoDestroy: options?.autoDestroy !== false, defaultEncoding: options?.defaultEncoding ?? "utf8",
  };
};

// A function, since old packages inherit with `Stream.call(this)`.
export function Stream(options) {
  EventEmitter.call(this, options);
}
Object.setPrototypeOf(Stream.prototype, EventEmitter.prototype);
Object.setPrototypeOf(Stream, EventEmitter);

const statesOf = (stream) => [stream._readableState, stream._writableState].filter(Boolean);

// Calls the stream's own `_construct`, before which nothing is read or written.
export const construct = (stream, options) => {
  if (typeof options?.construct === "function") stream._construct = options.construct;
  if (typeof options?.destroy === "function") stream._destroy = options.destroy;
  options?.signal?.addEventListener("abort", () => stream.destroy(aborted(options.signal)), { once: true });
  if (typeof stream._construct !== "function") return;
  const states = statesOf(stream);
  for (const state of states) state.constructed = false;
  later(() => stream._construct((error) => {
    for (const state of states) state.constructed = true;
    if (error) stream.destroy(error);
    else later(() => stream.emit("nexus.constructed"));
  }));
};

export const aborted = (signal) => Object.assign(
  new Error("The operation was aborted"), { name: "AbortError", code: "ABORT_ERR", cause: signal.reason },
);

export const destroyMethods = {
  destroy(error, callback) {
    const states = statesOf(this);
    if (states.some((state) => state.destroyed)) {
      callback?.();
      return this;
    }
    for (const state of states) {
      state.destroyed = true;
      if (error) state.errored ??= error;
    }
    const run = () => this._destroy(error ?? null, (failure) => {
      for (const state of states) {
        state.closed = true;
        if (failure) state.errored ??= failure;
      }
      callback?.(failure);
      later(() => closed(this, states, failure));
    });
    if (states.every((state) => state.constructed)) run();
    else this.once("nexus.constructed", run);
    return this;
  },
  _destroy(error, done) {
    done(error);
  },
  _undestroy() {},
};

const closed = (stream, states, error) => {
  if (error && !states.some((state) => state.errorEmitted)) {
    for (const state of states) state.errorEmitted = true;
    stream.emit("error", error);
  }
  if (states.some((state) => state.closeEmitted || !state.emitClose)) return;
  for (const state of states) state.closeEmitted = true;
  stream.emit("close");
};

// An error of reading or writing ends a stream.
export const fail = (stream, error) => {
  const states = statesOf(stream);
  if (states.some((state) => state.destroyed)) return;
  if (states.some((state) => state.autoDestroy)) {
    stream.destroy(error);
    return;
  }
  for (const state of states) state.errored ??= error;
  later(() => stream.emit("error", error));
};

// Defines the getters that tell about a state.
export const defineGetters = (prototype, field, getters) => {
  for (const [name, get] of Object.entries(getters)) {
    Object.defineProperty(prototype, name, {
      get() { return this[field] ? get(this[field], this) : undefined; },
      configurable: true,
    });
  }
};

export const sharedGetters = (prototype) => {
  const any = (field) => function () { return statesOf(this).some((state) => state[field]); };
  const define = (name, get, set) => Object.defineProperty(prototype, name, { get, set, configurable: true });
  define("destroyed", any("destroyed"), function (value) {
    for (const state of statesOf(this)) state.destroyed = value;
  });
  define("closed", any("closed"));
  define("errored", function () { return statesOf(this).map((state) => state.errored).find(Boolean) ?? null; });
};
