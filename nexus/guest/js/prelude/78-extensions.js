// $ext: `await $ext.name.method(argument)`. The promise is rejected with an ExtensionError where the
// extension answers with an error.

// `await` asks whatever it is given for `then`.
const isMethod = (name) => typeof name === "string" && name !== "then";

const extensionMethod = (extension, method) => async (argument = null, ...more) => {
  if (more.length > 0) {
    throw new TypeError(
      `$ext.${extension}.${method} takes one argument, but got ${more.length + 1}`,
    );
  }
  return callHost(["ext_call", extension, method], toJSONText(argument, "The argument"));
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
