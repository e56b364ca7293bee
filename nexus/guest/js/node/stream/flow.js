// node:stream: how streams are joined: pipe, finished, pipeline.

import "node:nexus/sources";
import { finished } from "node:nexus/finished";
import { Readable } from "node:nexus/readable";
import { Stream, aborted, coded, isNode, later } from "node:nexus/states";
import { Writable } from "node:nexus/writable";

// ---- pipe --------------------------------------------------------------------------------------

Readable.prototype.pipe = function (target, options) {
  const state = this._readableState;
  let waits = false;
  const onData = (chunk) => {
    if (target.write(chunk) !== false) return;
    waits = true;
    this.pause();
  };
  const onDrain = () => {
    if (!waits) return;
    waits = false;
    if (this.listenerCount("data") > 0) this.resume();
  };
  const onEnd = () => target.end();
  const onError = (error) => {
    pipe.stop();
    if (target.listenerCount("error") === 0) target.destroy ? target.destroy(error) : target.emit("error", error);
  };
  const stop = () => pipe.stop();
  const pipe = {
    target,
    stop: () => {
      const at = state.pipes.indexOf(pipe);
      if (at < 0) return;
      state.pipes.splice(at, 1);
      this.removeListener("data", onData);
      this.removeListener("end", onEnd);
      target.removeListener("drain", onDrain);
      target.removeListener("error", onError);
      target.removeListener("close", stop);
      target.removeListener("finish", stop);
      if (state.pipes.length === 0 && this.listenerCount("data") === 0) this.pause();
      target.emit("unpipe", this, { hasUnpiped: true });
    },
  };
  state.pipes.push(pipe);
  if (options?.end !== false) {
    if (state.endEmitted) later(onEnd);
    else this.once("end", onEnd);
  }
  target.on("drain", onDrain);
  target.prependListener?.("error", onError);
  target.once("close", stop);
  target.once("finish", stop);
  this.on("data", onData);
  target.emit("pipe", this);
  if (!state.flowing) this.resume();
  return target;
};

// The oldest kind of stream, which knows neither buffers nor back pressure.
Stream.prototype.pipe = function (target, options) {
  this.on("data", (chunk) => { if (target.write(chunk) === false) this.pause?.(); });
  target.on("drain", () => this.resume?.());
  if (options?.end !== false) this.on("end", () => target.end());
  target.emit("pipe", this);
  return target;
};

// ---- pipeline ----------------------------------------------------------------------------------

const isIterable = (value) => Boolean(value?.[Symbol.asyncIterator] ?? value?.[Symbol.iterator]);

// A stage's stream, or the promise of the last function.
const stageOf = (stage, before, isLast) => {
  if (isNode(stage) || stage instanceof Stream) return stage;
  if (stage?.getWriter) return Writable.fromWeb(stage);
  if (stage?.readable?.getReader && stage.writable) {
    return Readable.fromWeb(Readable.toWeb(before).pipeThrough(stage));
  }
  if (typeof stage !== "function") return Readable.from(stage);
  const made = before ? stage(before) : stage();
  if (isLast && typeof made?.then === "function") return made;
  if (isIterable(made)) return Readable.from(made);
  throw coded(TypeError, "ERR_INVALID_RETURN_VALUE", "A function in a pipeline must return an iterable");
};

const runPipeline = async (stages, { signal, end = true } = {}) => {
  const streams = [];
  const destroy = (error) => {
    for (const stream of streams) if (!stream.destroyed) stream.destroy?.(error);
  };
  const onAbort = () => destroy(aborted(signal));
  signal?.addEventListener("abort", onAbort);
  try {
    if (signal?.aborted) throw aborted(signal);
    const waits = [];
    let before, value;
    for (const [number, stage] of stages.entries()) {
      const found = stageOf(stage, before, number === stages.length - 1);
      if (!isNode(found) && !(found instanceof Stream)) {
        value = found;
        waits.push(found);
        break;
      }
      streams.push(found);
      const isLast = number === stages.length - 1;
      if (!isLast || end) {
        waits.push(new Promise((resolve, reject) => {
          const side = { readable: number > 0 && isLast ? false : undefined };
          finished(found, side, (error) => (error ? reject(error) : resolve()));
        }));
      }
      if (before && typeof stage !== "function" && !stage.readable?.getReader) before.pipe(found, { end: !isLast || end });
      before = found;
    }
    await Promise.all(waits);
    return await value;
  } catch (error) {
    destroy(error);
    throw error;
  } finally {
    signal?.removeEventListener("abort", onAbort);
  }
};

export const pipeline = (...given) => {
  const callback = given.pop();
  const stages = given.length === 1 && Array.isArray(given[0]) ? given[0] : given;
  runPipeline(stages).then((value) => callback(undefined, value), (error) => callback(error));
  const last = stages.at(-1);
  return isNode(last) ? last : undefined;
};

export const promises = {
  pipeline: (...given) => {
    const last = given.at(-1);
    const isOptions = typeof last === "object" && !isNode(last) && !isIterable(last) && !last?.getWriter;
    const options = isOptions ? given.pop() : undefined;
    return runPipeline(given.length === 1 && Array.isArray(given[0]) ? given[0] : given, options);
  },
  finished: (stream, options) => new Promise((resolve, reject) => {
    finished(stream, options ?? {}, (error) => (error ? reject(error) : resolve()));
  }),
};
