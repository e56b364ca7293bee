// A controller's queue: values with their sizes, which are added up in `total`.

const resetQueue = (controller) => {
  controller.queue = [];
  controller.total = 0;
};

const enqueueSized = (controller, value, size) => {
  const number = +size;
  if (!(number >= 0 && number < Infinity)) {
    throw new RangeError(`The size of a chunk must be 0 or more, and finite, not ${size}`);
  }
  controller.queue.push({ value, size: number });
  controller.total += number;
};

const dequeueSized = (controller) => {
  const { value, size } = controller.queue.shift();
  controller.total = Math.max(0, controller.total - size);
  return value;
};
