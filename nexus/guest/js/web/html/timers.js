// setTimeout and setInterval, in the order of the HTML standard: first the timer that is due
// first, of two due at once the one that was set first. Time passes in the host, between two
// runs of `runTimer`.

const timers = new Map(); // id -> {id, due, turn, interval, level, run}
let lastTimerId = 0;
let lastTurn = 0;
let nesting = 0; // how deep timers set timers: from 5 on at least 4 ms, as the standard says

const schedule = (timer, delay) => {
  const wait = nesting > 5 ? Math.max(delay, 4) : delay;
  lastTurn += 1;
  Object.assign(timer, { due: host.now() + wait, turn: lastTurn, level: nesting + 1 });
  timers.set(timer.id, timer);
};

const startTimer = (what, callback, delay, args, repeats) => {
  if (typeof callback !== "function") {
    throw new TypeError(`${what} needs a function, but got ${describe(callback)}`);
  }
  const wait = Math.max(0, delay | 0); // a `long`: NaN is 0
  lastTimerId += 1;
  const run = () => callback.apply(globalThis, args);
  schedule({ id: lastTimerId, run, interval: repeats ? wait : undefined }, wait);
  return lastTimerId;
};

const stopTimer = (id) => {
  timers.delete(Number(id));
};

const firstTimer = () => {
  let first;
  for (const timer of timers.values()) {
    if (!first || timer.due < first.due || (timer.due === first.due && timer.turn < first.turn)) {
      first = timer;
    }
  }
  return first;
};

const nextTimer = () => {
  const first = firstTimer();
  return first ? Math.max(0, first.due - host.now()) : -1;
};

const runTimer = () => {
  const timer = firstTimer();
  if (!timer) {
    return;
  }
  if (timer.interval === undefined) {
    timers.delete(timer.id);
  }
  nesting = timer.level;
  forgetTargets();
  try {
    timer.run();
  } catch (error) {
    logUncaught(error);
  }
  if (timer.interval !== undefined && timers.get(timer.id) === timer) {
    schedule(timer, timer.interval);
  }
  nesting = 0;
};

define("setTimeout", function setTimeout(callback, delay = 0, ...args) {
  return startTimer("setTimeout", callback, delay, args, false);
});
define("setInterval", function setInterval(callback, delay = 0, ...args) {
  return startTimer("setInterval", callback, delay, args, true);
});
define("clearTimeout", function clearTimeout(id = 0) {
  stopTimer(id);
});
define("clearInterval", function clearInterval(id = 0) {
  stopTimer(id);
});

// An error that nobody can catch any more goes to the log, unless a listener of the event `error`
// on the global object prevents it, or `onerror` returns true.
let reporting = false;

const logUncaught = (error) => {
  const listens = hasListener(globalTarget, "error") || typeof globalThis.onerror === "function";
  if (!listens || reporting || !isHandledError(error)) console.error("Uncaught", error);
};

// A promise was rejected, and nothing handles it. A listener, or the handler on the global object,
// keeps it from the log with preventDefault().
const isHandledRejection = (promise, reason) => {
  const handler = globalThis.onunhandledrejection;
  const listens = hasListener(globalTarget, "unhandledrejection");
  if (!listens && typeof handler !== "function") return false;
  try {
    const event = part("events").rejectionEvent("unhandledrejection", promise, reason);
    if (typeof handler === "function") handler.call(globalThis, event);
    globalTarget.dispatchEvent(event);
    return event.defaultPrevented;
  } catch (failure) {
    logUncaught(failure);
    return false;
  }
};

// Rejections that were reported while somebody listens for their being handled after all: promise ->
// reason. The host tells of them at each turn, until something handles them.
const reported = new Map(), stillUnhandled = new Set();
const MOST_REPORTED = 16;

const isReported = (promise) => {
  if (!reported.has(promise)) return false;
  stillUnhandled.add(promise);
  return true;
};

const remember = (promise, reason) => {
  const listens = hasListener(globalTarget, "rejectionhandled");
  if (!listens && typeof globalThis.onrejectionhandled !== "function") return false;
  if (reported.size >= MOST_REPORTED) return false;
  reported.set(promise, reason);
  stillUnhandled.add(promise);
  return true;
};

const reportHandled = () => {
  for (const [promise, reason] of [...reported]) {
    if (stillUnhandled.has(promise)) continue;
    reported.delete(promise);
    try {
      const event = part("events").rejectionEvent("rejectionhandled", promise, reason);
      const handler = globalThis.onrejectionhandled;
      if (typeof handler === "function") handler.call(globalThis, event);
      globalTarget.dispatchEvent(event);
    } catch (failure) {
      logUncaught(failure);
    }
  }
  stillUnhandled.clear();
};

const isHandledError = (error) => {
  reporting = true; // what the listeners throw goes to the log
  try {
    const event = part("events").errorEvent(error);
    const { message, filename, lineno, colno } = event;
    const handled = globalThis.onerror?.(message, filename, lineno, colno, error) === true;
    return !globalTarget.dispatchEvent(event) || handled;
  } catch (failure) {
    console.error("Uncaught", failure);
    return false;
  } finally {
    reporting = false;
  }
};

// A promise's rejection that nothing has handled goes to the log; `error` as bootstrap.js
// describes it.
const logRejection = ({ name, message, stack, causes }) => {
  const head = name && message ? `${name}: ${message}` : name || message;
  const lines = [`Uncaught (in promise) ${head}`, withoutHead(stack, head), causes];
  writeLog("error", lines.filter((line) => line).join("\n"));
};

define("reportError", function reportError(error) {
  need(arguments, 1, "reportError");
  logUncaught(error);
});
