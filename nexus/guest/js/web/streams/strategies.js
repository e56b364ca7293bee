// Queuing strategies: how much a stream wants to hold.

const highWaterMarkOf = (init, what) => {
  const { highWaterMark } = toDictionary(init, `The options of ${what}`);
  if (highWaterMark === undefined) {
    throw new TypeError(`${what} needs the option highWaterMark`);
  }
  return +highWaterMark;
};

// Written as methods, which are no constructors.
const { size: countSize } = { size() { return 1; } };
const { size: byteSize } = { size(chunk) { return chunk.byteLength; } };

class CountQueuingStrategy {
  #highWaterMark;

  constructor(init) {
    this.#highWaterMark = highWaterMarkOf(init, "CountQueuingStrategy");
  }

  get highWaterMark() { return this.#highWaterMark; }
  get size() { return countSize; }
}

class ByteLengthQueuingStrategy {
  #highWaterMark;

  constructor(init) {
    this.#highWaterMark = highWaterMarkOf(init, "ByteLengthQueuingStrategy");
  }

  get highWaterMark() { return this.#highWaterMark; }
  get size() { return byteSize; }
}

expose(CountQueuingStrategy);
expose(ByteLengthQueuingStrategy);

// {highWaterMark, size} of a stream's second argument.
const readStrategy = (strategy, defaultMark) => {
  const { highWaterMark, size } = toDictionary(strategy, "A queuing strategy");
  if (size !== undefined && typeof size !== "function") {
    throw new TypeError(`The size of a queuing strategy is a function, not ${describe(size)}`);
  }
  const mark = highWaterMark === undefined ? defaultMark : +highWaterMark;
  if (Number.isNaN(mark) || mark < 0) {
    throw new RangeError(`highWaterMark must be 0 or more, not ${describe(highWaterMark)}`);
  }
  return { highWaterMark: mark, size: size ?? (() => 1) };
};
