// structuredClone. `seen` maps what was cloned already, so that cycles and shared parts stay.

const UNCLONEABLE = [
  Promise, WeakMap, WeakSet, WeakRef, FinalizationRegistry, SharedArrayBuffer,
];

const CLONEABLE_ERRORS = new Map(
  [EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError].map(
    (Class) => [Class.name, Class],
  ),
);

const cannotClone = (value) =>
  new DOMException(`${inspect(value)} could not be cloned`, "DataCloneError");

const cloneView = (view, seen) => {
  const buffer = cloneValue(view.buffer, seen);
  if (view instanceof DataView) return new DataView(buffer, view.byteOffset, view.byteLength);
  const Class = globalThis[view[Symbol.toStringTag]]; // the true name, whatever the prototype
  return new Class(buffer, view.byteOffset, view.length);
};

const cloneBuffer = (buffer) => {
  if (buffer.detached) throw new DOMException("A buffer is detached", "DataCloneError");
  if (!buffer.resizable) return buffer.slice();
  const copy = new ArrayBuffer(buffer.byteLength, { maxByteLength: buffer.maxByteLength });
  new Uint8Array(copy).set(new Uint8Array(buffer));
  return copy;
};

const defineHidden = (object, name, value) =>
  Object.defineProperty(object, name, { value, writable: true, configurable: true });

const cloneError = (error, seen) => {
  const message = Object.getOwnPropertyDescriptor(error, "message");
  const copy = new (CLONEABLE_ERRORS.get(`${error.name}`) ?? Error)();
  seen.set(error, copy);
  if (message && "value" in message) defineHidden(copy, "message", `${message.value}`);
  if (Object.hasOwn(error, "cause")) defineHidden(copy, "cause", cloneValue(error.cause, seen));
  defineHidden(copy, "stack", `${error.stack}`);
  return copy;
};

const cloneDOMException = (error) => {
  const copy = new DOMException(error.message, error.name);
  defineHidden(copy, "stack", `${error.stack}`);
  return copy;
};

const cloneMap = (map, seen) => {
  const copy = new Map();
  seen.set(map, copy);
  for (const [key, value] of [...map]) copy.set(cloneValue(key, seen), cloneValue(value, seen));
  return copy;
};

const cloneSet = (set, seen) => {
  const copy = new Set();
  seen.set(set, copy);
  for (const value of [...set]) copy.add(cloneValue(value, seen));
  return copy;
};

const cloneFile = (file) =>
  new File([file], file.name, { type: file.type, lastModified: file.lastModified });

// [class, how to copy its objects]; the first that fits counts.
const CLONERS = [
  [Date, (date) => new Date(date.getTime())],
  [RegExp, (regexp) => new RegExp(regexp.source, regexp.flags)],
  [Number, (boxed) => Object(boxed.valueOf())],
  [String, (boxed) => Object(boxed.valueOf())],
  [Boolean, (boxed) => Object(boxed.valueOf())],
  [BigInt, (boxed) => Object(boxed.valueOf())],
  [ArrayBuffer, cloneBuffer],
  [Map, cloneMap],
  [Set, cloneSet],
  [DOMException, cloneDOMException],
  [Error, cloneError],
  [File, cloneFile],
  [Blob, (blob) => blobOf(blobBytes(blob), blob.type)],
];

const cloneMembers = (value, copy, seen) => {
  seen.set(value, copy);
  for (const key of Object.keys(value)) {
    if (Object.hasOwn(value, key)) {
      Object.defineProperty(copy, key, {
        value: cloneValue(value[key], seen), writable: true, configurable: true, enumerable: true,
      });
    }
  }
  return copy;
};

const cloneObject = (value, seen) => {
  if (Array.isArray(value)) return cloneMembers(value, new Array(value.length), seen);
  if (ArrayBuffer.isView(value)) return cloneView(value, seen);
  const cloner = CLONERS.find(([Class]) => value instanceof Class);
  if (cloner) return cloner[1](value, seen);
  const refused = [...UNCLONEABLE, ...exposedClasses].some((Class) => value instanceof Class);
  if (refused || value instanceof Symbol) throw cannotClone(value);
  return cloneMembers(value, {}, seen);
};

const cloneValue = (value, seen) => {
  if (typeof value === "function" || typeof value === "symbol") throw cannotClone(value);
  if (typeof value !== "object" || value === null) return value;
  if (!seen.has(value)) seen.set(value, cloneObject(value, seen));
  return seen.get(value);
};

// What is transferred is detached only when all has been cloned; its clone has the same bytes.
const checkTransfer = (transfer) => {
  const buffers = [...(transfer ?? [])];
  for (const buffer of buffers) {
    if (!(buffer instanceof ArrayBuffer) || buffer.detached) {
      throw new DOMException(
        `Only ArrayBuffers can be transferred, and each once, not ${describe(buffer)}`,
        "DataCloneError",
      );
    }
  }
  if (new Set(buffers).size < buffers.length) {
    throw new DOMException("A buffer is in the transfer list twice", "DataCloneError");
  }
  return buffers;
};

const cloneForTransfer = (value, transfer) => {
  const buffers = checkTransfer(transfer);
  const clone = cloneValue(value, new Map());
  for (const buffer of buffers) buffer.transfer();
  return clone;
};

define("structuredClone", function structuredClone(value, options = undefined) {
  need(arguments, 1, "structuredClone");
  const { transfer } = toDictionary(options, "The options of structuredClone");
  return cloneForTransfer(value, transfer);
});
