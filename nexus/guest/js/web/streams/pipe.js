// pipeTo: reads from one stream and writes to another, until one of them ends.

const pipe = (source, target, { preventClose, preventAbort, preventCancel, signal }) => {
  const reader = openReader(source);
  const writer = openWriter(target);
  const ends = newEnds();
  let ending = false;
  let lastWrite = resolvedWith(undefined);
  source.disturbed = true;

  const finish = (outcome) => {
    releaseWriter(writer);
    releaseReader(reader);
    if (signal) offAbort(signal, abort);
    if (outcome) ends.reject(outcome.error);
    else ends.resolve(undefined);
  };

  // What was read is written before the pipe ends.
  const written = () => {
    const last = lastWrite;
    return upon(last, () => (last === lastWrite ? undefined : written()));
  };

  // `outcome` is {error}, or undefined where all went well.
  const end = (outcome, action) => {
    if (ending) return;
    ending = true;
    const act = () => {
      if (!action) finish(outcome);
      else upon(action(), () => finish(outcome), (error) => finish({ error }));
    };
    if (target.state === "writable" && !isClosing(target)) upon(written(), act);
    else act();
  };

  const abort = () => {
    const error = signal.reason;
    end({ error }, () => {
      const actions = [];
      if (!preventAbort) {
        actions.push(target.state === "writable" ? abortWritable(target, error) : undefined);
      }
      if (!preventCancel) {
        actions.push(source.state === "readable" ? cancelReadable(source, error) : undefined);
      }
      return allOf(actions.filter((action) => action));
    });
  };

  const onState = (stream, state, closed, act) => {
    if (stream.state === state) act(stream.error);
    else if (state === "errored") upon(closed, undefined, () => act(stream.error));
    else upon(closed, act, noop);
  };

  const step = () => new StreamPromise((resolve, reject) => {
    if (ending) {
      resolve(true);
      return;
    }
    upon(writer.ready.promise, () => {
      // The stream may have begun to end while this waited for room.
      if (ending) {
        resolve(true);
        return;
      }
      readInto(reader, {
        chunk: (chunk) => {
          lastWrite = upon(writeChunk(writer, chunk), undefined, noop);
          resolve(false);
        },
        close: () => resolve(true),
        error: reject,
      });
    }, reject);
  });
  const loop = () => upon(step(), (done) => {
    if (!done) loop();
  }, noop);

  if (signal) {
    if (signal.aborted) {
      abort();
      return ends.promise;
    }
    onAbort(signal, abort);
  }
  onState(source, "errored", reader.closed.promise, (error) => {
    end({ error }, preventAbort ? undefined : () => abortWritable(target, error));
  });
  onState(target, "errored", writer.closed.promise, (error) => {
    end({ error }, preventCancel ? undefined : () => cancelReadable(source, error));
  });
  onState(source, "closed", reader.closed.promise, () => {
    end(undefined, preventClose ? undefined : () => closeForPipe(writer));
  });
  if (isClosing(target) || target.state === "closed") {
    const error = new TypeError("The target of the pipe is closed");
    end({ error }, preventCancel ? undefined : () => cancelReadable(source, error));
  }
  loop();
  return ends.promise;
};

// Like Promise.all, which a handler may have replaced.
const allOf = (promises) => {
  const ends = newEnds();
  let left = promises.length;
  if (left === 0) ends.resolve(undefined);
  for (const promise of promises) {
    upon(promise, () => {
      left -= 1;
      if (left === 0) ends.resolve(undefined);
    }, (error) => ends.reject(error));
  }
  return ends.promise;
};

const toPipeOptions = (options) => {
  const given = toDictionary(options, "The options of a pipe");
  const { preventAbort, preventCancel, preventClose, signal } = given;
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw new TypeError(`The signal of a pipe is an AbortSignal, not ${describe(signal)}`);
  }
  return {
    preventAbort: Boolean(preventAbort), preventCancel: Boolean(preventCancel),
    preventClose: Boolean(preventClose), signal,
  };
};
