// URLSearchParams, and the format application/x-www-form-urlencoded.

const FORM_SAFE = /^[\w*.-]*$/;

const formEncode = (text) => {
  if (FORM_SAFE.test(text)) {
    return text;
  }
  let encoded = "";
  for (const byte of utf8Encode(text)) {
    const character = String.fromCharCode(byte);
    encoded += byte === 0x20 ? "+" : FORM_SAFE.test(character) ? character : HEX_OF_BYTE[byte];
  }
  return encoded;
};

const FORM_CODED = /[%+]|[^\x00-\x7f]/;

const formDecode = (text) =>
  FORM_CODED.test(text) ? utf8DecodeKeepingBom(percentDecode(text.replaceAll("+", " "))) : text;

const parseForm = (text) => {
  const decode = FORM_CODED.test(text) ? formDecode : (part) => part;
  const parts = text.split("&");
  const pairs = [];
  for (let i = 0; i < parts.length; i += 1) {
    const part = parts[i];
    if (part === "") continue;
    const at = part.indexOf("=");
    if (at < 0) pairs.push([decode(part), ""]);
    else pairs.push([decode(part.slice(0, at)), decode(part.slice(at + 1))]);
  }
  return pairs;
};

const formatForm = (pairs) =>
  pairs.map(([name, value]) => `${formEncode(name)}=${formEncode(value)}`).join("&");

const isEnumerable = Object.prototype.propertyIsEnumerable;

// Pairs from a record or from an iterable of pairs, as Headers takes them too.
const toPairs = (init, what) => {
  if (init?.[Symbol.iterator] !== undefined && init?.[Symbol.iterator] !== null) {
    return Array.from(init, (pair) => {
      const items = typeof pair === "object" && pair !== null ? [...pair] : [];
      if (items.length !== 2) {
        throw new TypeError(`${what} needs pairs of a name and a value, not ${describe(pair)}`);
      }
      return items;
    });
  }
  const keys = Reflect.ownKeys(init);
  const pairs = [];
  for (let i = 0; i < keys.length; i += 1) {
    if (Reflect.apply(isEnumerable, init, [keys[i]])) pairs.push([keys[i], undefined]);
  }
  for (let i = 0; i < pairs.length; i += 1) pairs[i][1] = init[pairs[i][0]];
  return pairs;
};

let linkParams; // (params, onChange): called with the text after each change
let resetParams; // (params, text)

class URLSearchParams {
  #pairs = [];
  #onChange; // (text), or undefined

  constructor(init = "") {
    if (init === "") return;
    if (init !== null && (typeof init === "object" || typeof init === "function")) {
      const pairs = new Map(); // of two equal names of a record, the last one counts
      const isRecord = init[Symbol.iterator] === undefined || init[Symbol.iterator] === null;
      for (const [name, value] of toPairs(init, "URLSearchParams")) {
        pairs.set(isRecord ? toUSV(name) : pairs.size, [toUSV(name), toUSV(value)]);
      }
      this.#pairs = [...pairs.values()];
    } else {
      this.#pairs = parseForm(toUSV(init).replace(/^\?/, ""));
    }
  }

  static {
    linkParams = (params, onChange) => {
      params.#onChange = onChange;
    };
    resetParams = (params, text) => {
      params.#pairs = text === "" ? [] : parseForm(text);
    };
  }

  get size() {
    return this.#pairs.length;
  }

  append(name, value) {
    need(arguments, 2, "URLSearchParams.append");
    this.#pairs.push([toUSV(name), toUSV(value)]);
    this.#changed();
  }

  delete(name, value = undefined) {
    need(arguments, 1, "URLSearchParams.delete");
    const matches = pairMatcher(name, value);
    this.#pairs = this.#pairs.filter((pair) => !matches(pair));
    this.#changed();
  }

  get(name) {
    need(arguments, 1, "URLSearchParams.get");
    const wanted = toUSV(name);
    const pairs = this.#pairs;
    for (let i = 0; i < pairs.length; i += 1) if (pairs[i][0] === wanted) return pairs[i][1];
    return null;
  }

  getAll(name) {
    need(arguments, 1, "URLSearchParams.getAll");
    return this.#pairs.filter(pairMatcher(name)).map((pair) => pair[1]);
  }

  has(name, value = undefined) {
    need(arguments, 1, "URLSearchParams.has");
    return this.#pairs.some(pairMatcher(name, value));
  }

  set(name, value) {
    need(arguments, 2, "URLSearchParams.set");
    const pair = [toUSV(name), toUSV(value)];
    const at = this.#pairs.findIndex(pairMatcher(name));
    if (at < 0) {
      this.#pairs.push(pair);
    } else {
      const matches = pairMatcher(name);
      this.#pairs = this.#pairs.filter((one, i) => i <= at || !matches(one));
      this.#pairs[at] = pair;
    }
    this.#changed();
  }

  sort() {
    this.#pairs.sort(([a], [b]) => (a < b ? -1 : Number(a > b)));
    this.#changed();
  }

  toString() {
    return formatForm(this.#pairs);
  }

  forEach(callback, self = undefined) {
    requireCallback(callback, "URLSearchParams.forEach");
    for (const [name, value] of this) callback.call(self, value, name, this);
  }

  entries() {
    return pairIterator("URLSearchParams", () => this.#pairs, (pair) => [...pair]);
  }

  keys() {
    return pairIterator("URLSearchParams", () => this.#pairs, (pair) => pair[0]);
  }

  values() {
    return pairIterator("URLSearchParams", () => this.#pairs, (pair) => pair[1]);
  }

  #changed() {
    this.#onChange?.(this.toString());
  }
}

expose(URLSearchParams);
makeIterable(URLSearchParams);
