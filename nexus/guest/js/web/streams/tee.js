// tee(): two sources that are fed by one reader. The stream is cancelled when both branches are.
// The branches share the chunks, unless `clone` makes one for the second.

const teeSources = (reader, clone = (chunk) => chunk) => {
  const controllers = [];
  const cancelled = [undefined, undefined]; // {reason} of each branch
  const whole = Promise.withResolvers(); // settles when both branches are cancelled
  let reading = false;
  let readAgain = false;

  const live = () => controllers.filter((_, i) => !cancelled[i]);

  const fail = (error) => {
    for (const controller of controllers) controller.error(error);
    whole.resolve(reader.cancel(error));
  };

  // Enqueuing calls pull, which sees that this read is not over.
  const enqueue = (chunk) => {
    const chunks = [chunk, cancelled[1] ? undefined : clone(chunk)];
    controllers.forEach((controller, i) => {
      if (!cancelled[i]) controller.enqueue(chunks[i]);
    });
  };

  const forward = ({ value, done }) => {
    readAgain = false;
    try {
      if (!done) enqueue(value);
    } catch (error) {
      fail(error);
      return;
    }
    if (done) for (const controller of live()) controller.close();
    reading = false;
    if (done) {
      whole.resolve(undefined);
    } else if (readAgain) {
      pull();
    }
  };

  // Does not wait for the chunk: a branch that waited would not see the other one's cancel.
  const pull = () => {
    if (reading) {
      readAgain = true;
    } else {
      reading = true;
      reader.read().then(forward, () => {}); // an error reaches the branches through `closed`
    }
  };

  reader.closed.catch((error) => {
    for (const controller of controllers) controller.error(error);
    whole.resolve(undefined);
  });

  const branch = (index) => ({
    start: (controller) => {
      controllers[index] = controller;
    },
    pull,
    cancel: (reason) => {
      cancelled[index] = { reason };
      if (cancelled[0] && cancelled[1]) {
        whole.resolve(reader.cancel(cancelled.map((one) => one.reason)));
      }
      return whole.promise;
    },
  });
  return [branch(0), branch(1)];
};
