// node:stream: Writable.

import { Buffer } from "node:buffer";
import {
  Stream, coded, commonState, construct, defineGetters, destroyMethods, fail, later, notImplemented,
  sharedGetters, wasDestroyed, wrongChunk,
} from "node:nexus/states";

export function Writable(options) {
  if (!(this instanceof Writable)) return new Writable(options);
  startWritable(this, options, false);
  Stream.call(this, options);
  construct(this, options);
}
Object.setPrototypeOf(Writable.prototype, Stream.prototype);
Object.setPrototypeOf(Writable, Stream);
// A Duplex inherits from Readable alone.
Object.defineProperty(Writable, Symbol.hasInstance, {
  value(stream) {
    return Function.prototype[Symbol.hasInstance].call(this, stream) ||
      (this === Writable && Boolean(stream?._writableState));
  },
});

export const startWritable = (stream, options, isDuplex) => {
  stream._writableState = {
    ...commonState(options, "writable", isDuplex), decodeStrings: options?.decodeStrings !== false, corked: 0,
    buffered: [], writing: false, needDrain: false, ending: false, ended: false, finished: false,
    finalCalled: false, callbacks: [],
  };
  for (const name of ["write", "writev", "final"]) {
    if (typeof options?.[name] === "function") stream[`_${name}`] = options[name];
  }
};

const convert = (state, chunk, encoding) => {
  if (chunk === null) {
    throw coded(TypeError, "ERR_STREAM_NULL_VALUES", "May not write null values to stream");
  }
  if (state.objectMode) return { chunk, encoding, size: 1 };
  if (typeof chunk === "string") {
    if (!state.decodeStrings) return { chunk, encoding, size: chunk.length };
    const bytes = Buffer.from(chunk, encoding);
    return { chunk: bytes, encoding: "buffer", size: bytes.length };
  }
  if (!ArrayBuffer.isView(chunk)) throw wrongChunk(chunk);
  const bytes = Buffer.isBuffer(chunk) ? chunk
    : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  return { chunk: bytes, encoding: "buffer", size: bytes.length };
};

const write = (stream, state, pieces) => {
  const size = pieces.reduce((sum, piece) => sum + piece.size, 0);
  let isSync = true, done = false;
  state.writing = true;
  const onDone = (error) => {
    if (done) {
      fail(stream, coded(Error, "ERR_MULTIPLE_CALLBACK", "Callback called multiple times"));
      return;
    }
    done = true;
    state.writing = false;
    state.length -= size;
    if (error) {
      for (const { callback } of pieces) later(callback, error);
      fail(stream, error);
      return;
    }
    const after = () => wrote(stream, state, pieces);
    writeNext(stream, state);
    if (isSync) later(after);
    else after();
  };
  try {
    const [{ chunk, encoding }] = pieces;
    if (pieces.length > 1 || !hasWrite(stream)) stream._writev(pieces, onDone);
    else stream._write(chunk, encoding, onDone);
  } catch (error) {
    onDone(error);
  }
  isSync = false;
};

const hasWrite = (stream) => stream._write !== Writable.prototype._write || !stream._writev;

const wrote = (stream, state, pieces) => {
  if (state.needDrain && state.length === 0 && !state.ending && !state.destroyed) {
    state.needDrain = false;
    stream.emit("drain");
  }
  for (const { callback } of pieces) callback(null);
  finishIfDone(stream, state);
};

const writeNext = (stream, state) => {
  if (state.writing || state.corked > 0 || state.destroyed || !state.constructed) return;
  const { buffered } = state;
  if (buffered.length === 0) return;
  write(stream, state, stream._writev && buffered.length > 1 ? buffered.splice(0) : [buffered.shift()]);
};

const finishIfDone = (stream, state) => {
  const idle = state.ending && state.length === 0 && !state.writing && state.buffered.length === 0;
  if (!idle || state.finalCalled || state.errored || state.destroyed || !state.constructed) return;
  state.finalCalled = true;
  later(() => {
    const finish = (error) => {
      if (error) {
        for (const callback of state.callbacks.splice(0)) callback(error);
        fail(stream, error);
        return;
      }
      if (state.finished || state.destroyed) return;
      later(() => finished(stream, state));
    };
    stream.emit("prefinish");
    if (typeof stream._final !== "function") {
      finish();
      return;
    }
    try {
      stream._final(finish);
    } catch (error) {
      finish(error);
    }
  });
};

const finished = (stream, state) => {
  if (state.errored || state.destroyed) return;
  state.finished = true;
  for (const callback of state.callbacks.splice(0)) callback();
  stream.emit("finish");
  const readable = stream._readableState;
  if (state.autoDestroy && (!readable || (readable.autoDestroy && readable.endEmitted))) stream.destroy();
};

const nothing = () => {};

const methods = {
  ...destroyMethods,

  _write() {
    throw notImplemented("_write()");
  },

  write(chunk, encoding, callback) {
    const state = this._writableState;
    const done = (typeof encoding === "function" ? encoding : callback) ?? nothing;
    const given = typeof encoding === "function" ? undefined : encoding;
    const piece = { ...convert(state, chunk, given ?? state.defaultEncoding), callback: done };
    let error;
    if (state.ending) error = coded(Error, "ERR_STREAM_WRITE_AFTER_END", "write after end");
    else if (state.destroyed) error = wasDestroyed("write");
    if (error) {
      later(done, error);
      fail(this, error);
      return false;
    }
    state.length += piece.size;
    const goesOn = state.length < state.highWaterMark;
    if (!goesOn) state.needDrain = true;
    if (state.writing || state.corked > 0 || state.errored || !state.constructed) {
      state.buffered.push(piece);
      if (!state.constructed && state.buffered.length === 1) {
        this.once("nexus.constructed", () => writeNext(this, state));
      }
    } else write(this, state, [piece]);
    return goesOn && !state.errored && !state.destroyed;
  },

  cork() {
    this._writableState.corked += 1;
  },

  uncork() {
    const state = this._writableState;
    if (state.corked > 0) state.corked -= 1;
    writeNext(this, state);
  },

  setDefaultEncoding(encoding) {
    this._writableState.defaultEncoding = encoding;
    return this;
  },

  end(chunk, encoding, callback) {
    const state = this._writableState;
    const done = [chunk, encoding, callback].find((one) => typeof one === "function");
    const given = typeof encoding === "function" ? undefined : encoding;
    if (chunk !== undefined && chunk !== null && typeof chunk !== "function") this.write(chunk, given);
    if (state.corked > 0) {
      state.corked = 1;
      this.uncork();
    }
    if (done) {
      if (state.finished) later(done, coded(Error, "ERR_STREAM_ALREADY_FINISHED", "Cannot call end after a stream was finished"));
      else if (state.destroyed) later(done, state.errored ?? wasDestroyed("end"));
      else state.callbacks.push(done);
    }
    if (!state.ending && !state.errored) {
      state.ending = state.ended = true;
      if (state.constructed) finishIfDone(this, state);
      else this.once("nexus.constructed", () => finishIfDone(this, state));
    }
    return this;
  },
};

const destroyWritable = function (error, callback) {
  const state = this._writableState;
  if (state && !state.destroyed) {
    const reason = error ?? wasDestroyed("write");
    for (const { callback: done } of state.buffered.splice(0)) later(done, reason);
    for (const done of state.callbacks.splice(0)) later(done, reason);
  }
  return destroyMethods.destroy.call(this, error, callback);
};
methods.destroy = destroyWritable;

export const defineWritable = (prototype) => {
  for (const [name, value] of Object.entries(methods)) {
    if (name.startsWith("_") && name !== "_write") continue;
    Object.defineProperty(prototype, name, { value, writable: true, configurable: true });
  }
  defineGetters(prototype, "_writableState", {
    writable: (state) => !state.destroyed && !state.errored && !state.ending,
    writableCorked: (state) => state.corked,
    writableEnded: (state) => state.ending,
    writableFinished: (state) => state.finished,
    writableHighWaterMark: (state) => state.highWaterMark,
    writableLength: (state) => state.length,
    writableNeedDrain: (state) => state.needDrain && !state.destroyed && !state.ending,
    writableObjectMode: (state) => state.objectMode,
    writableAborted: (state) => (state.destroyed || Boolean(state.errored)) && !state.finished,
  });
};

for (const name of ["_destroy", "_undestroy"]) {
  Object.defineProperty(Writable.prototype, name, { value: methods[name], writable: true, configurable: true });
}
defineWritable(Writable.prototype);
sharedGetters(Writable.prototype);
Writable.prototype.pipe = function () {
  this.emit("error", coded(Error, "ERR_STREAM_CANNOT_PIPE", "Cannot pipe, not readable"));
};
