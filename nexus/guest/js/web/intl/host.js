// Questions to the host, which has CLDR's data (nexus/guest/js/intl), and options for them.

const RANGE_OF_INTL = 1, TYPE_OF_INTL = 2;

const askIntl = (fields) => {
  const { status, bytes } = host.intl(hostMessage(fields));
  const text = utf8DecodeKeepingBom(bytes);
  if (status === RANGE_OF_INTL) throw new RangeError(text);
  if (status === TYPE_OF_INTL) throw new TypeError(text);
  return parseJSON(text);
};

const toTags = (locales) => {
  if (locales === undefined) return [];
  if (typeof locales === "string") return [locales];
  if (locales === null) throw new TypeError("The locales must not be null");
  return Array.from(locales, (tag) => {
    if (typeof tag !== "string" && (typeof tag !== "object" || tag === null)) {
      throw new TypeError(`A locale must be a string, but is ${describe(tag)}`);
    }
    return `${tag}`;
  });
};

const asNumber = (value) => {
  const number = +value;
  if (Number.isNaN(number)) throw new RangeError("An option that must be a number is NaN");
  return number;
};
const asGrouping = (value) => (typeof value === "boolean" || !value ? Boolean(value) : `${value}`);

// The options that are given, of those in `names`, which maps each name to its conversion.
const readOptions = (options, names) => {
  if (options === null) throw new TypeError("The options must not be null");
  const found = {};
  if (options === undefined) return found;
  for (const name of Object.keys(names)) {
    const value = options[name];
    if (value !== undefined) found[name] = names[name](value);
  }
  return found;
};

const textOptions = (...names) => Object.fromEntries(names.map((name) => [name, toText]));

const resolvedFormats = new Map(); // one message asks for what a loop builds again and again
const MOST_FORMATS = 200;

const askNew = (fields) => {
  const key = writeJSON(fields);
  let found = resolvedFormats.get(key);
  if (found === undefined) {
    found = askIntl({ op: "new", ...fields });
    if (resolvedFormats.size >= MOST_FORMATS) resolvedFormats.clear();
    resolvedFormats.set(key, found);
  }
  return found;
};

const joinParts = (parts) => {
  let text = "";
  for (const [, value] of parts) text += value;
  return text;
};

const toParts = (parts) => parts.map(([type, value]) => ({ type, value }));

const WRITTEN_NUMBER = /^[+-]?\d{1,400}(?:\.\d{1,400})?$/;

// A number as the host reads it.
const numberText = (value) => {
  const found = typeof value === "object" && value !== null ? Number(value) : value;
  if (typeof found === "bigint") return `${found}`;
  if (typeof found === "string" && WRITTEN_NUMBER.test(found.trim())) {
    return found.trim().replace("+", "");
  }
  const number = Number(found);
  return Object.is(number, -0) ? "-0" : `${number}`;
};

const supportedLocalesOf = (locales, options) => {
  readOptions(options, {});
  return askIntl({ kind: "tags", op: "supported", tags: toTags(locales) });
};

// What all constructors have: `new` alone for most, resolvedOptions, supportedLocalesOf.
const finishFormat = (Class, { callable = false } = {}) => {
  Object.defineProperty(Class, "supportedLocalesOf", {
    value: supportedLocalesOf, writable: true, configurable: true,
  });
  tag(Class.prototype, `Intl.${Class.name}`);
  if (!callable) return Class;
  return new Proxy(Class, { apply: (target, _, args) => Reflect.construct(target, args) });
};
