// How the API is put on the global object: as browsers do, names there are writable and
// configurable but not enumerable, while the members of a class are enumerable.

const define = (name, value) =>
  Object.defineProperty(globalThis, name, {
    value, writable: true, configurable: true, enumerable: false,
  });

// Classes of ours: structuredClone refuses their objects (but for those it knows).
const exposedClasses = [];

const enumerateMembers = (holder) => {
  for (const key of Object.getOwnPropertyNames(holder)) {
    const { configurable, enumerable } = Object.getOwnPropertyDescriptor(holder, key);
    if (key !== "constructor" && configurable && !enumerable) {
      Object.defineProperty(holder, key, { enumerable: true });
    }
  }
};

const tag = (holder, name) =>
  Object.defineProperty(holder, Symbol.toStringTag, { value: name, configurable: true });

const expose = (Class) => {
  enumerateMembers(Class.prototype);
  for (const key of Object.getOwnPropertyNames(Class)) {
    if (typeof Class[key] === "function") {
      Object.defineProperty(Class, key, { enumerable: true });
    }
  }
  tag(Class.prototype, Class.name);
  exposedClasses.push(Class);
  define(Class.name, Class);
};

// Constants such as Event.AT_TARGET are on the class and on its objects, and cannot be changed.
const constants = (Class, values) => {
  for (const [name, value] of Object.entries(values)) {
    for (const holder of [Class, Class.prototype]) {
      Object.defineProperty(holder, name, { value, enumerable: true });
    }
  }
};

define("self", globalThis);
