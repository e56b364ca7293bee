// $state: the given values, overlaid with the execution's own writes. Values are copies: set a
// changed value again to keep the change.

const STATE_NAMES = {
  get(key) {
    need(arguments, 1, "$state.get");
    return callHost(["state_get", toText(key)]);
  },
  set(key, value) {
    need(arguments, 2, "$state.set");
    callHost(["state_set", toText(key)], toJSONText(value, `The state's ${toText(key)}`));
  },
  delete(key) {
    need(arguments, 1, "$state.delete");
    callHost(["state_delete", toText(key)]);
    return true;
  },
  has(key) {
    need(arguments, 1, "$state.has");
    return callHost(["state_has", toText(key)]);
  },
  keys() {
    return callHost(["state_keys"]);
  },
  toJSON() {
    return Object.fromEntries(STATE_NAMES.keys().map((key) => [key, STATE_NAMES.get(key)]));
  },
};

// `await` looks up `then` on its operand.
const isStateName = (name) => typeof name === "symbol" || name === "then" || name in STATE_NAMES;

const refuseStateName = (name) => {
  if (isStateName(name)) {
    throw new TypeError(
      `$state.${String(name)} is not the state's; use $state.set or $state.delete with that key`,
    );
  }
};

const state = new Proxy({}, {
  get(target, name) {
    if (name === Symbol.toStringTag) return "State";
    return isStateName(name) ? STATE_NAMES[name] : STATE_NAMES.get(name);
  },
  set(target, name, value) {
    refuseStateName(name);
    STATE_NAMES.set(name, value);
    return true;
  },
  deleteProperty(target, name) {
    refuseStateName(name);
    return STATE_NAMES.delete(name);
  },
  has: (target, name) => typeof name !== "symbol" && STATE_NAMES.has(name),
  ownKeys: () => STATE_NAMES.keys(),
  getOwnPropertyDescriptor(target, name) {
    if (typeof name === "symbol" || !STATE_NAMES.has(name)) return undefined;
    const value = STATE_NAMES.get(name);
    return { value, writable: true, enumerable: true, configurable: true };
  },
  defineProperty: () => false,
  setPrototypeOf: () => false,
  preventExtensions: () => false,
});

define("$state", state);
