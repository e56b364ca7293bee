// node:stream, of which `require` gets the constructor `Stream`.

import { Duplex, PassThrough, Transform } from "node:nexus/duplex";
import { finished } from "node:nexus/finished";
import { pipeline, promises } from "node:nexus/flow";
import { Readable } from "node:nexus/readable";
import {
  Stream, aborted, getDefaultHighWaterMark, setDefaultHighWaterMark,
} from "node:nexus/states";
import { Writable } from "node:nexus/writable";

export const addAbortSignal = (signal, stream) => {
  const end = () => stream.destroy(aborted(signal));
  if (signal.aborted) end();
  else signal.addEventListener("abort", end, { once: true });
  return stream;
};
export const isReadable = (stream) => Boolean(stream?.readable);
export const isErrored = (stream) => Boolean(stream?.errored);
export const isDisturbed = (stream) => Boolean(stream?.readableDidRead);
export {
  Duplex, PassThrough, Readable, Stream, Transform, Writable, finished, getDefaultHighWaterMark,
  pipeline, promises, setDefaultHighWaterMark,
};

export default Object.assign(Stream, {
  Duplex, PassThrough, Readable, Stream, Transform, Writable, addAbortSignal, finished,
  getDefaultHighWaterMark, isDisturbed, isErrored, isReadable, pipeline, promises,
  setDefaultHighWaterMark,
});
