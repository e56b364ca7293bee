// node:stream: Readable.

import { howMany, take } from "node:nexus/chunks";
import { finish, flow, insert, tellReadable } from "node:nexus/incoming";
import { StringDecoder } from "node:string_decoder";
import {
  Stream, commonState, construct, defineGetters, destroyMethods, fail, later, notImplemented,
  sharedGetters,
} from "node:nexus/states";

export function Readable(options) {
  if (!(this instanceof Readable)) return new Readable(options);
  startReadable(this, options, false);
  construct(this, options);
}
Object.setPrototypeOf(Readable.prototype, Stream.prototype);
Object.setPrototypeOf(Readable, Stream);

export const startReadable = (stream, options, isDuplex) => {
  stream._readableState = {
    ...commonState(options, "readable", isDuplex), buffer: [], flowing: null, ended: false, endEmitted: false,
    reading: false, readableListening: false, needReadable: false, told: false, pipes: [],
    resumes: false, decoder: null, encoding: null, readsMore: false, sync: true,
  };
  if (typeof options?.read === "function") stream._read = options.read;
  if (options?.encoding) stream.setEncoding(options.encoding);
  Stream.call(stream, options);
};

const callRead = (stream, state) => {
  state.reading = state.sync = true;
  try {
    stream._read(state.highWaterMark);
  } catch (error) {
    fail(stream, error);
  }
  state.sync = false;
};

const methods = {
  ...destroyMethods,

  _read() {
    throw notImplemented("_read()");
  },

  push(chunk, encoding) {
    return insert(this, chunk, encoding, false);
  },

  unshift(chunk, encoding) {
    return insert(this, chunk, encoding, true);
  },

  read(asked = undefined) {
    const state = this._readableState;
    const before = howMany(state, asked === undefined ? asked : Math.trunc(asked));
    if (before === 0 && state.ended) {
      if (state.length === 0) finish(this, state);
      return null;
    }
    const low = state.length === 0 || state.length - before < state.highWaterMark;
    const may = !state.ended && !state.reading && !state.destroyed && !state.errored && state.constructed;
    if (low && may) callRead(this, state);
    else if (low && !state.constructed && !state.waits) {
      state.waits = true;
      this.once("nexus.constructed", () => this.read(0));
    }
    const count = asked === 0 ? 0 : howMany(state, asked);
    if (count === 0) {
      if (!state.ended) state.needReadable = state.length <= state.highWaterMark;
      if (state.ended && state.length === 0) finish(this, state);
      return null;
    }
    const chunk = take(state, count);
    state.length -= state.objectMode ? 1 : chunk.length;
    if (state.length === 0) {
      if (state.ended) finish(this, state);
      else state.needReadable = true;
    }
    this.emit("data", chunk);
    return chunk;
  },

  setEncoding(encoding) {
    const state = this._readableState, decoder = new StringDecoder(encoding);
    state.decoder = decoder;
    state.encoding = decoder.encoding;
    const text = state.buffer.map((chunk) => decoder.write(chunk)).join("");
    state.buffer = text ? [text] : [];
    state.length = text.length;
    return this;
  },

  resume() {
    const state = this._readableState;
    if (!state.flowing) {
      state.flowing = !state.readableListening;
      if (!state.resumes) {
        state.resumes = true;
        later(() => {
          state.resumes = false;
          if (!state.reading) this.read(0);
          this.emit("resume");
          flow(this, state);
          if (state.flowing && !state.reading) this.read(0);
        });
      }
    }
    return this;
  },

  pause() {
    const state = this._readableState;
    if (state.flowing !== false) {
      state.flowing = false;
      this.emit("pause");
    }
    return this;
  },

  isPaused() {
    return this._readableState.flowing === false;
  },

  on(name, listener) {
    Stream.prototype.on.call(this, name, listener);
    const state = this._readableState;
    if (name === "data") {
      state.readableListening = this.listenerCount("readable") > 0;
      if (state.flowing !== false) this.resume();
    } else if (name === "readable" && !state.endEmitted && !state.readableListening) {
      state.readableListening = state.needReadable = true;
      state.flowing = false;
      if (state.length > 0 || state.ended) tellReadable(this, state);
      else if (!state.reading) later(() => this.read(0));
    }
    return this;
  },
  addListener(name, listener) { return this.on(name, listener); },

  removeListener(name, listener) {
    Stream.prototype.removeListener.call(this, name, listener);
    if (name === "readable") later(() => stoppedListening(this));
    return this;
  },
  off(name, listener) { return this.removeListener(name, listener); },
  removeAllListeners(name) {
    Stream.prototype.removeAllListeners.call(this, name);
    if (name === "readable" || name === undefined) later(() => stoppedListening(this));
    return this;
  },

  unpipe(target) {
    const { pipes } = this._readableState;
    for (const pipe of target ? pipes.filter((one) => one.target === target) : [...pipes]) pipe.stop();
    return this;
  },

  wrap(old) {
    old.on("data", (chunk) => { if (!this.push(chunk)) old.pause?.(); });
    old.on("end", () => this.push(null));
    old.on("error", (error) => fail(this, error));
    this._read = () => old.resume?.();
    return this;
  },
};

const stoppedListening = (stream) => {
  const state = stream._readableState;
  state.readableListening = stream.listenerCount("readable") > 0;
  if (!state.readableListening && stream.listenerCount("data") > 0) stream.resume();
};

for (const [name, value] of Object.entries(methods)) {
  Object.defineProperty(Readable.prototype, name, { value, writable: true, configurable: true });
}
sharedGetters(Readable.prototype);
defineGetters(Readable.prototype, "_readableState", {
  readable: (state) => !state.destroyed && !state.errored && !state.endEmitted,
  readableFlowing: (state) => state.flowing,
  readableHighWaterMark: (state) => state.highWaterMark,
  readableLength: (state) => state.length,
  readableObjectMode: (state) => state.objectMode,
  readableEncoding: (state) => state.encoding,
  readableEnded: (state) => state.endEmitted,
  readableAborted: (state) => (state.destroyed || Boolean(state.errored)) && !state.endEmitted,
  readableDidRead: (state, stream) => state.flowing !== null || stream.listenerCount("data") > 0,
});
