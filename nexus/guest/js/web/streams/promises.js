// Promises as the streams use them. Nothing here looks up `then` on a prototype, which a handler
// may have changed.

const { apply: applyFunction } = Reflect;
const StreamPromise = Promise;
const { then: usualThen, catch: usualCatch } = Promise.prototype;

const noop = () => {};
const resolvedWith = (value) => new StreamPromise((resolve) => resolve(value));
const rejectedWith = (error) => new StreamPromise((_, reject) => reject(error));
const upon = (promise, done, failed) => applyFunction(usualThen, promise, [done, failed]);

// A rejection that nobody waits for is no error.
const quiet = (promise) => {
  upon(promise, undefined, noop);
  return promise;
};

// A promise with its ends, which know whether they were used.
const newEnds = () => {
  const ends = { pending: true };
  ends.promise = new StreamPromise((resolve, reject) => {
    ends.resolve = (value) => {
      ends.pending = false;
      resolve(value);
    };
    ends.reject = (error) => {
      ends.pending = false;
      reject(error);
    };
  });
  return ends;
};

const settledEnds = () => {
  const ends = newEnds();
  ends.resolve(undefined);
  return ends;
};

const failedEnds = (error) => {
  const ends = newEnds();
  ends.reject(error);
  quiet(ends.promise);
  return ends;
};

// Rejects the promise in `holder[name]`, or puts a rejected one there if it is settled already.
const failEnds = (holder, name, error) => {
  if (holder[name].pending) {
    holder[name].reject(error);
    quiet(holder[name].promise);
  } else {
    holder[name] = failedEnds(error);
  }
};

// What a method that gives a promise does with what it throws.
const orRejected = (run) => {
  try {
    return run();
  } catch (error) {
    return rejectedWith(error);
  }
};

// A callback of a source, sink or transformer as a function that gives a promise.
const promiseCallback = (holder, callback) =>
  callback === undefined
    ? () => resolvedWith(undefined)
    : (...args) => orRejected(() => resolvedWith(applyFunction(callback, holder, args)));

const callbackOf = (holder, name, what) => {
  const found = holder[name];
  if (found !== undefined && typeof found !== "function") {
    throw new TypeError(`${what}'s ${name} must be a function, not ${describe(found)}`);
  }
  return found;
};

// undefined stands for an empty source, sink or transformer.
const toUnderlying = (value, what) => {
  if (value === undefined) return {};
  if (value === null || (typeof value !== "object" && typeof value !== "function")) {
    throw new TypeError(`${what} is an object, not ${describe(value)}`);
  }
  return value;
};

const STREAM_KEY = Symbol("the key that only the stream's files have");

const refuseConstruction = (key, name) => {
  if (key !== STREAM_KEY) {
    throw new TypeError(`${name} cannot be constructed; a stream makes its own`);
  }
};

const wrongReceiver = (name, value) => new TypeError(`Expected a ${name}, but got ${describe(value)}`);
