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

// {highWaterMark, size, hasSize} of a stream's argument.
const toStrategy = (strategy) => {
  const { highWaterMark, size } = toDictionary(strategy, "A queuing strategy");
  const mark = highWaterMark === undefined ? undefined : +highWaterMark;
  if (size !== undefined && typeof size !== "function") {
    throw new TypeError(`The size of a queuing strategy is a function, not ${describe(size)}`);
  }
  // Called without a receiver.
  return {
    highWaterMark: mark, hasSize: size !== undefined,
    size: size === undefined ? () => 1 : (chunk) => applyFunction(size, undefined, [chunk]),
  };
};

const markOf = ({ highWaterMark }, usual) => {
  if (highWaterMark === undefined) return usual;
  if (Number.isNaN(highWaterMark) || highWaterMark < 0) {
    throw new RangeError(`highWaterMark must be 0 or more, not ${highWaterMark}`);
  }
  return highWaterMark;
};
