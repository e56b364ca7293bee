// How a readable stream gets its chunks, tells about them, lets them flow, and ends.

import { convert, sizeOf } from "node:nexus/chunks";
import { coded, fail, later } from "node:nexus/states";

const add = (stream, state, chunk, first) => {
  const size = sizeOf(state, chunk);
  if (size === 0 && !state.objectMode) return;
  if (!first && state.flowing && state.length === 0 && !state.sync && stream.listenerCount("data") > 0) {
    stream.emit("data", chunk);
    return;
  }
  state.length += size;
  if (first) state.buffer.unshift(chunk);
  else state.buffer.push(chunk);
  if (state.needReadable || state.flowing) tellReadable(stream, state);
};

const end = (stream, state) => {
  if (state.ended) return;
  const rest = state.decoder?.end();
  if (rest) {
    state.buffer.push(rest);
    state.length += sizeOf(state, rest);
  }
  state.ended = true;
  if (state.sync) tellReadable(stream, state);
  else tellNow(stream, state);
};

export const tellReadable = (stream, state) => {
  state.needReadable = false;
  if (state.told) return;
  state.told = true;
  later(tellNow, stream, state);
};

const tellNow = (stream, state) => {
  state.told = state.needReadable = false;
  if (state.destroyed || state.errored) return;
  if (state.length > 0 || state.ended) stream.emit("readable");
  if (!state.flowing && !state.ended && state.length <= state.highWaterMark) state.needReadable = true;
  flow(stream, state);
  if (state.ended && state.length === 0 && !state.readableListening) finish(stream, state);
};

const readMore = (stream, state) => {
  if (state.readsMore || !state.constructed) return;
  state.readsMore = true;
  later(() => {
    state.readsMore = false;
    const wants = state.length < state.highWaterMark || (state.flowing && state.length === 0);
    if (wants && !state.reading && !state.ended && !state.destroyed) stream.read(0);
  });
};

export const flow = (stream, state) => {
  while (state.flowing && stream.read() !== null);
};

export const finish = (stream, state) => {
  if (state.endEmitted || state.ending) return;
  state.ending = true;
  later(() => {
    if (state.errored || state.destroyed || state.length > 0) return;
    state.endEmitted = true;
    stream.emit("end");
    const writable = stream._writableState;
    if (writable && stream.allowHalfOpen === false && !writable.ending) stream.end();
    else if (state.autoDestroy && (!writable || (writable.autoDestroy && writable.finished))) stream.destroy();
  });
};

export const insert = (stream, chunk, encoding, first) => {
  const state = stream._readableState;
  state.reading = first ? state.reading : false;
  if (chunk === null) {
    end(stream, state);
    return false;
  }
  try {
    const found = convert(state, chunk, encoding);
    if (first ? state.endEmitted : state.ended) {
      const [code, text] = first
        ? ["ERR_STREAM_UNSHIFT_AFTER_END_EVENT", "stream.unshift() after end event"]
        : ["ERR_STREAM_PUSH_AFTER_EOF", "stream.push() after EOF"];
      throw coded(Error, code, text);
    }
    if (!state.destroyed && !state.errored) add(stream, state, found, first);
  } catch (error) {
    fail(stream, error);
  }
  if (!state.ended) readMore(stream, state);
  return !state.ended && (state.length < state.highWaterMark || state.length === 0);
};
