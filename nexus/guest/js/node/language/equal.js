// Deep equality, like that of node:assert.

const keysOf = (value) => Reflect.ownKeys(value).filter(
  (key) => Object.getOwnPropertyDescriptor(value, key).enumerable,
);

const sameEntries = (a, b, strict, seen) => {
  if (a.size !== b.size) return false;
  const left = [...b];
  return [...a].every((one) => {
    const at = left.findIndex((other) => equal(one, other, strict, seen));
    if (at < 0) return false;
    left.splice(at, 1);
    return true;
  });
};

const sameKind = (a, b, strict) => {
  const [one, other] = [a, b].map((value) => Object.prototype.toString.call(value));
  if (one !== other) return false;
  return !strict || Object.getPrototypeOf(a) === Object.getPrototypeOf(b);
};

const sameContent = (a, b, strict, seen) => {
  if (a instanceof Date) return +a === +b || (Number.isNaN(+a) && Number.isNaN(+b));
  if (a instanceof RegExp) return String(a) === String(b) && a.lastIndex === b.lastIndex;
  if (a instanceof Error && (a.name !== b.name || a.message !== b.message)) return false;
  if (a instanceof Number || a instanceof String || a instanceof Boolean) {
    if (!Object.is(a.valueOf(), b.valueOf())) return false;
  }
  if (a instanceof Map || a instanceof Set) return sameEntries(a, b, strict, seen);
  if (a instanceof ArrayBuffer) return equal(new Uint8Array(a), new Uint8Array(b), strict, seen);
  return true;
};

export const equal = (a, b, strict, seen = []) => {
  if (strict ? Object.is(a, b) : a == b || (Number.isNaN(a) && Number.isNaN(b))) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (seen.some(([one, other]) => one === a && other === b)) return true;
  if (!sameKind(a, b, strict)) return false;
  const now = [...seen, [a, b]];
  if (!sameContent(a, b, strict, now)) return false;
  const keys = keysOf(a);
  return keys.length === keysOf(b).length && Array.isArray(a) === Array.isArray(b) &&
    (!Array.isArray(a) || a.length === b.length) &&
    keys.every((key) => Object.hasOwn(b, key) && equal(a[key], b[key], strict, now));
};
