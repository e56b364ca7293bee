// The chunks of a readable stream's state: how they come in, and how many go out.

import { Buffer } from "node:buffer";
import { wrongChunk } from "node:nexus/states";

export const sizeOf = (state, chunk) => (state.objectMode ? 1 : chunk.length);

export const convert = (state, chunk, encoding) => {
  if (state.objectMode) return chunk;
  let bytes = chunk;
  if (typeof chunk === "string") {
    if (state.encoding && state.encoding === (encoding ?? state.defaultEncoding)) return chunk;
    bytes = Buffer.from(chunk, encoding ?? state.defaultEncoding);
  } else if (!ArrayBuffer.isView(chunk)) throw wrongChunk(chunk);
  else if (!Buffer.isBuffer(chunk)) bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  return state.decoder ? state.decoder.write(bytes) : bytes;
};

export const take = (state, count) => {
  const { buffer } = state;
  if (state.objectMode) return buffer.shift();
  if (count >= state.length) {
    const all = buffer.splice(0);
    if (all.length === 1) return all[0];
    return state.decoder ? all.join("") : Buffer.concat(all);
  }
  const parts = [];
  for (let left = count; left > 0;) {
    const [first] = buffer;
    if (first.length <= left) buffer.shift();
    else buffer[0] = first.slice(left);
    parts.push(first.slice(0, left));
    left -= Math.min(left, first.length);
  }
  return state.decoder ? parts.join("") : Buffer.concat(parts);
};

export const howMany = (state, asked) => {
  if (state.length === 0) return 0;
  if (asked === undefined || Number.isNaN(asked)) {
    if (state.objectMode) return 1;
    return state.flowing ? state.buffer[0].length : state.length;
  }
  if (state.objectMode) return asked > 0 ? 1 : 0;
  if (asked <= state.length) return asked;
  return state.ended ? state.length : 0;
};
