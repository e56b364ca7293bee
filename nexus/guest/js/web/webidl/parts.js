// The parts of the API that are loaded at their first use: nexus/guest/js/web/parts.py has the list.

const parts = { __proto__: null }; // name -> what the part exports

const part = (name) => (parts[name] ??= host.part(name, utf8Decode)(library, part));

// Is `value` an object of this class of a part? No part need be loaded to know that it is not.
const isOf = (value, name, Class) => parts[name] !== undefined && value instanceof parts[name][Class];

// Global names whose first use, or whose replacement, loads the part that defines them.
const defineFrom = (name, ...globals) => {
  for (const one of globals) {
    Object.defineProperty(globalThis, one, {
      get() {
        part(name);
        return globalThis[one];
      },
      set(value) {
        part(name);
        globalThis[one] = value;
      },
      configurable: true, enumerable: false,
    });
  }
};
