// node:stream: Duplex, Transform, PassThrough.

import { Readable, startReadable } from "node:nexus/readable";
import { construct, notImplemented } from "node:nexus/states";
import { defineWritable, startWritable } from "node:nexus/writable";

const inherit = (Class, Parent) => {
  Object.setPrototypeOf(Class.prototype, Parent.prototype);
  Object.setPrototypeOf(Class, Parent);
};

export function Duplex(options) {
  if (!(this instanceof Duplex)) return new Duplex(options);
  start(this, options);
  construct(this, options);
}
inherit(Duplex, Readable);
defineWritable(Duplex.prototype);

const start = (stream, options) => {
  startWritable(stream, options, true);
  startReadable(stream, options, true);
  stream.allowHalfOpen = options?.allowHalfOpen !== false;
  if (options?.readable === false) {
    Object.assign(stream._readableState, { ended: true, endEmitted: true });
  }
  if (options?.writable === false) {
    Object.assign(stream._writableState, { ending: true, ended: true, finished: true });
  }
};

export function Transform(options) {
  if (!(this instanceof Transform)) return new Transform(options);
  start(this, options);
  if (typeof options?.transform === "function") this._transform = options.transform;
  if (typeof options?.flush === "function") this._flush = options.flush;
  construct(this, options);
}
inherit(Transform, Duplex);

const WAITING = Symbol("the callback of a write that waits for room");

Object.assign(Transform.prototype, {
  _transform() {
    throw notImplemented("_transform()");
  },

  _write(chunk, encoding, callback) {
    this._transform(chunk, encoding, (error, made) => {
      if (error) {
        callback(error);
        return;
      }
      if (made !== undefined && made !== null) this.push(made);
      const state = this._readableState;
      if (this._writableState.ending || state.length < state.highWaterMark || state.length === 0) callback();
      else this[WAITING] = callback;
    });
  },

  _read() {
    const callback = this[WAITING];
    this[WAITING] = undefined;
    callback?.();
  },

  _final(callback) {
    if (typeof this._flush !== "function" || this.destroyed) {
      if (!this.destroyed) this.push(null);
      callback();
      return;
    }
    this._flush((error, made) => {
      if (error) {
        callback(error);
        return;
      }
      if (made !== undefined && made !== null) this.push(made);
      this.push(null);
      callback();
    });
  },
});

export function PassThrough(options) {
  if (!(this instanceof PassThrough)) return new PassThrough(options);
  Transform.call(this, options);
}
inherit(PassThrough, Transform);
PassThrough.prototype._transform = (chunk, _, callback) => callback(null, chunk);
