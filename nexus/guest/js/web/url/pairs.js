// What Headers, FormData and URLSearchParams share: they are lists of pairs.

const pairMatcher = (name, value = undefined) => {
  const wanted = toUSV(name);
  const wantedValue = value === undefined ? undefined : toUSV(value);
  return (pair) => pair[0] === wanted && (wantedValue === undefined || pair[1] === wantedValue);
};

const requireCallback = (callback, what) => {
  if (typeof callback !== "function") {
    throw new TypeError(`${what} needs a function, but got ${describe(callback)}`);
  }
};

const IteratorPrototype = Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]()));
const pairIteratorPrototypes = new Map(); // name of the class -> prototype
const pairSteps = new WeakMap(); // iterator -> its next step

// Reads the list anew at each step: a change made on the way is seen, as Web IDL wants it.
const pairIterator = (className, list, pick) => {
  const iterator = Object.create(pairIteratorPrototypes.get(className));
  let at = 0;
  pairSteps.set(iterator, () => {
    const pairs = list();
    if (at >= pairs.length) return { value: undefined, done: true };
    at += 1;
    return { value: pick(pairs[at - 1]), done: false };
  });
  return iterator;
};

const newPairIteratorPrototype = (className) => {
  const prototype = Object.create(IteratorPrototype, {
    next: {
      value: function next() {
        const step = pairSteps.get(this);
        if (!step) throw new TypeError(`This is no ${className} Iterator`);
        return step();
      },
      writable: true, configurable: true, enumerable: true,
    },
  });
  return tag(prototype, `${className} Iterator`);
};

const makeIterable = (Class) => {
  pairIteratorPrototypes.set(Class.name, newPairIteratorPrototype(Class.name));
  Object.defineProperty(Class.prototype, Symbol.iterator, {
    value: Class.prototype.entries, writable: true, configurable: true,
  });
};
