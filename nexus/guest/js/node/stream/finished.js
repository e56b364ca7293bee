// node:stream: finished.

import { aborted, isNode, later, prematureClose } from "node:nexus/states";

export const finished = (stream, options, callback = undefined) => {
  if (typeof options === "function") return finished(stream, {}, options);
  const readable = stream._readableState, writable = stream._writableState;
  const reads = options?.readable ?? Boolean(readable), writes = options?.writable ?? Boolean(writable);
  const isRead = () => !reads || !readable || readable.endEmitted;
  const isWritten = () => !writes || !writable || writable.finished;
  let called = false;
  const settle = (error) => {
    if (called) return;
    called = true;
    stop();
    callback.call(stream, error);
  };
  const look = () => { if (isRead() && isWritten()) settle(); };
  const onClose = () => (isRead() && isWritten() ? settle() : settle(stream.errored ?? prematureClose()));
  const onAbort = () => settle(aborted(options.signal));
  const listeners = { end: look, finish: look, error: settle, close: onClose };
  for (const [name, listener] of Object.entries(listeners)) stream.on(name, listener);
  const stop = () => {
    for (const [name, listener] of Object.entries(listeners)) stream.removeListener(name, listener);
    options?.signal?.removeEventListener("abort", onAbort);
  };
  if (options?.signal?.aborted) later(onAbort);
  else options?.signal?.addEventListener("abort", onAbort);
  if (stream.closed || stream.destroyed) later(() => (stream.errored ? settle(stream.errored) : onClose()));
  else if (isNode(stream) && isRead() && isWritten()) later(() => settle());
  return () => { called = true; stop(); };
};
