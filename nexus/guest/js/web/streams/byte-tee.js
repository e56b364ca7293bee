// Two streams of bytes of one: each may be read with views of the reader's.

const teeBytes = (stream) => {
  let reader = openReader(stream);
  const cancelled = [undefined, undefined];
  const whole = newEnds();
  let reading = false;
  const again = [false, false];
  const branches = [];

  const watchErrors = (current) => upon(current.closed.promise, undefined, (error) => {
    if (current !== reader) return;
    for (const { controller } of branches) errorBytes(controller, error);
    if (!cancelled[0] || !cancelled[1]) whole.resolve(undefined);
  });

  const useReader = (byob) => {
    if (reader.byob === byob) return;
    releaseReader(reader);
    reader = openReader(stream, byob);
    watchErrors(reader);
  };

  const breakAll = (error) => {
    for (const { controller } of branches) errorBytes(controller, error);
    whole.resolve(cancelReadable(stream, error));
  };

  const goOn = () => {
    reading = false;
    if (again[0]) pull(0);
    else if (again[1]) pull(1);
  };

  const copyOrBreak = (chunk) => {
    try {
      return new Uint8Array(chunk.buffer.slice(chunk.byteOffset, chunk.byteOffset + chunk.byteLength));
    } catch (error) {
      breakAll(error);
      return undefined;
    }
  };

  const answerClosed = (controller) => {
    if (controller.pending.length > 0) respond(controller, 0);
  };

  const readChunk = () => {
    useReader(false);
    readInto(reader, {
      chunk: (chunk) => queueTask(() => {
        again.fill(false);
        let second = chunk;
        if (!cancelled[0] && !cancelled[1]) {
          second = copyOrBreak(chunk);
          if (!second) return;
        }
        if (!cancelled[0]) enqueueView(branches[0].controller, chunk);
        if (!cancelled[1]) enqueueView(branches[1].controller, second);
        goOn();
      }),
      close: () => {
        reading = false;
        branches.forEach(({ controller }, index) => {
          if (!cancelled[index]) closeBytes(controller);
        });
        for (const { controller } of branches) answerClosed(controller);
        if (!cancelled[0] || !cancelled[1]) whole.resolve(undefined);
      },
      error: () => { reading = false; },
    });
  };

  const readView = (view, index) => {
    useReader(true);
    const [mine, other] = [branches[index].controller, branches[1 - index].controller];
    readIntoView(reader, view, 1, {
      chunk: (chunk) => queueTask(() => {
        again.fill(false);
        const copy = cancelled[1 - index] ? undefined : copyOrBreak(chunk);
        if (!cancelled[1 - index] && !copy) return;
        if (!cancelled[index]) respondWithView(mine, chunk);
        if (copy) enqueueView(other, copy);
        goOn();
      }),
      close: (chunk) => {
        reading = false;
        if (!cancelled[index]) closeBytes(mine);
        if (!cancelled[1 - index]) closeBytes(other);
        if (chunk !== undefined) {
          if (!cancelled[index]) respondWithView(mine, chunk);
          if (!cancelled[1 - index]) answerClosed(other);
        }
        if (!cancelled[0] || !cancelled[1]) whole.resolve(undefined);
      },
      error: () => { reading = false; },
    });
  };

  const pull = (index) => {
    if (reading) {
      again[index] = true;
    } else {
      reading = true;
      const request = byobRequest(branches[index].controller);
      if (request === null) readChunk();
      else readView(request.view, index);
    }
    return resolvedWith(undefined);
  };

  const cancel = (index) => (reason) => {
    cancelled[index] = { reason };
    if (cancelled[0] && cancelled[1]) {
      whole.resolve(cancelReadable(stream, cancelled.map((one) => one.reason)));
    }
    return whole.promise;
  };

  branches.push(...[0, 1].map((index) =>
    makeReadable({
      start: noop, pull: () => pull(index), cancel: cancel(index), highWaterMark: 0,
      size: undefined, isBytes: true,
    })));
  watchErrors(reader);
  return branches.map(({ face }) => face);
};
