// The call of a schedule: `scheduled(controller, env, ctx)` of the default export, or listeners of the
// event `scheduled`. Nobody gets an answer, so every error fails the run, also those of waitUntil.

class ScheduledEvent extends ExtendableEvent {
  #cron;
  #time;

  constructor(type, init) {
    super(type, init);
    const { cron = "", scheduledTime = 0 } = toDictionary(init, "The options of a ScheduledEvent");
    this.#cron = toText(cron);
    this.#time = Number(scheduledTime);
  }

  get cron() { return this.#cron; }
  get scheduledTime() { return this.#time; }
  noRetry() {}
}

expose(ScheduledEvent);

const scheduledFunction = (handler) => {
  if (typeof handler?.scheduled === "function") {
    return (event, env, context) => {
      const { cron, scheduledTime, type } = event;
      return handler.scheduled({ cron, scheduledTime, type, noRetry() {} }, env, context);
    };
  }
  if (handler === undefined && hasListener(globalTarget, "scheduled")) {
    return (event) => {
      const thrown = fire(event);
      if (thrown) throw thrown.error;
    };
  }
  throw new TypeError(
    "A schedule needs a default export that is an object with a function scheduled, or a listener of " +
    "the event scheduled",
  );
};

const runScheduled = async (handler, { cron, due_ms: scheduledTime }) => {
  const waits = [];
  const waitUntil = (promise) => {
    const wait = Promise.resolve(promise);
    wait.catch(() => {}); // it is handled below
    waits.push(wait);
  };
  const event = extend(new ScheduledEvent("scheduled", { cron, scheduledTime }), waitUntil);
  const call = async () => scheduledFunction(handler)(event, currentEnv, { waitUntil });
  waitUntil(call());
  let failed;
  for (let i = 0; i < waits.length; i += 1) { // the list may grow meanwhile
    try {
      await waits[i];
    } catch (error) {
      if (failed) logUncaught(error);
      else failed = { error };
    }
  }
  if (failed) throw failed.error;
  return new Response(null, { status: 204 });
};
