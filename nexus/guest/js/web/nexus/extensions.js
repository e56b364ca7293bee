// $ext: `await $ext.name.method(argument)`. The promise is rejected with an ExtensionError where the
// extension answers with an error.

// `await` looks up `then` on its operand.
const isMethod = (name) => typeof name === "string" && name !== "then";

// Calls whose answers come later, by the numbers that the host gave them.
const waiting = new Map();

const extensionMethod = (extension, method) => async (argument = null, ...more) => {
  if (more.length > 0) {
    throw new TypeError(
      `$ext.${extension}.${method} takes one argument, but got ${more.length + 1}`,
    );
  }
  const answer = callHost(["ext_call", extension, method], toJSONText(argument, "The argument"));
  if (!(answer instanceof Later)) return answer;
  return new Promise((resolve, reject) => {
    waiting.set(answer.number, { resolve, reject });
  });
};

// Called by the host: answers the call of this number.
const answer = (number, ok, value) => {
  const { resolve, reject } = waiting.get(number);
  waiting.delete(number);
  if (ok) resolve(value);
  else reject(declined(FAILED, value));
};

const fixed = {
  set: () => false,
  defineProperty: () => false,
  deleteProperty: () => false,
  setPrototypeOf: () => false,
};

const extension = (name) => new Proxy({}, {
  ...fixed,
  get: (target, method) => (isMethod(method) ? extensionMethod(name, method) : undefined),
});

define("$ext", new Proxy({}, {
  ...fixed,
  get: (target, name) => (isMethod(name) ? extension(name) : undefined),
}));
