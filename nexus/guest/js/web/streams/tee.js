// Two streams with the chunks of one; the second has clones where `clone` makes some.

const teeDefault = (stream, clone) => {
  const reader = openReader(stream);
  const cancelled = [undefined, undefined]; // {reason} of each branch
  const whole = newEnds();
  let reading = false;
  let readAgain = false;
  const branches = [];
  const eachLive = (act) => {
    branches.forEach(({ controller }, index) => {
      if (!cancelled[index]) act(controller, index);
    });
  };

  // Readers of a branch get their chunk a turn later, as if they had read the source themselves.
  const forward = (chunk) => queueTask(() => {
    readAgain = false;
    let second = chunk;
    if (clone && !cancelled[1]) {
      try {
        second = clone(chunk);
      } catch (error) {
        for (const { controller } of branches) errorDefault(controller, error);
        whole.resolve(cancelReadable(stream, error));
        return;
      }
    }
    eachLive((controller, index) => enqueueDefault(controller, index === 0 ? chunk : second));
    reading = false;
    if (readAgain) pull();
  });

  const finish = () => {
    reading = false;
    eachLive((controller) => closeDefault(controller));
    if (!cancelled[0] || !cancelled[1]) whole.resolve(undefined);
  };

  const pull = () => {
    if (reading) {
      readAgain = true;
    } else {
      reading = true;
      readInto(reader, { chunk: forward, close: finish, error: () => { reading = false; } });
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

  branches.push(...[0, 1].map((index) => makeReadable({
    start: noop, pull, cancel: cancel(index), highWaterMark: 1, size: oneForEach, isBytes: false,
  })));
  upon(reader.closed.promise, undefined, (error) => {
    for (const { controller } of branches) errorDefault(controller, error);
    if (!cancelled[0] || !cancelled[1]) whole.resolve(undefined);
  });
  return branches.map(({ face }) => face);
};

const queueTask = (run) => {
  upon(resolvedWith(undefined), run);
};
