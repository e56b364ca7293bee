// Headers: names in lower case, in the order they came; reading combines and sorts them.

const HTTP_TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const AROUND_VALUES = /^[\t\n\r ]+|[\t\n\r ]+$/g;

const headerName = (name) => {
  const text = toText(name);
  if (!HTTP_TOKEN.test(text)) {
    throw new TypeError(`Invalid header name ${JSON.stringify(text)}: it must be an HTTP token`);
  }
  return text.toLowerCase();
};

// What nearly all values are: printable, without space around.
const PLAIN_VALUE = /^[\x21-\x7e]+(?: [\x21-\x7e]+)*$/;

const headerValue = (name, value) => {
  if (typeof value === "string" && PLAIN_VALUE.test(value)) {
    return value;
  }
  const text = toByteString(value, `The value of the header ${name}`).replace(AROUND_VALUES, "");
  if (/[\0\n\r]/.test(text)) {
    throw new TypeError(
      `Invalid value of the header ${name}: ${JSON.stringify(text)} has a line break or a NUL`,
    );
  }
  return text;
};

let headerList; // (headers): its pairs, as they came
let headersOf; // (pairs): Headers of pairs that are sound already, names in lower case
let addContentType; // (headers, type): adds the type, which is sound, unless they have one
let freezeHeaders; // (headers): from now on each change is a TypeError

class Headers {
  #list = [];
  #frozen = false;
  #sorted; // the pairs as iteration shows them, until the next change

  constructor(init = undefined) {
    if (init === undefined) {
      return;
    }
    if (init === null || (typeof init !== "object" && typeof init !== "function")) {
      throw new TypeError(`Headers needs an object or pairs, but got ${describe(init)}`);
    }
    for (const [name, value] of toPairs(init, "Headers")) this.append(name, value);
  }

  static {
    headerList = (headers) => headers.#list;
    headersOf = (pairs) => {
      const headers = new Headers();
      headers.#list = pairs;
      return headers;
    };
    addContentType = (headers, type) => {
      const list = headers.#list;
      for (let i = 0; i < list.length; i += 1) if (list[i][0] === "content-type") return;
      headers.#changing().push(["content-type", type]);
    };
    freezeHeaders = (headers) => {
      headers.#frozen = true;
      return headers;
    };
  }

  append(name, value) {
    need(arguments, 2, "Headers.append");
    const key = headerName(name);
    const text = headerValue(key, value);
    this.#changing().push([key, text]);
  }

  delete(name) {
    need(arguments, 1, "Headers.delete");
    const key = headerName(name);
    this.#list = this.#changing().filter((pair) => pair[0] !== key);
  }

  get(name) {
    need(arguments, 1, "Headers.get");
    const key = headerName(name);
    const values = this.#list.filter((pair) => pair[0] === key).map((pair) => pair[1]);
    return values.length === 0 ? null : values.join(", ");
  }

  getSetCookie() {
    return this.#list.filter(([name]) => name === "set-cookie").map((pair) => pair[1]);
  }

  has(name) {
    need(arguments, 1, "Headers.has");
    const key = headerName(name);
    return this.#list.some((pair) => pair[0] === key);
  }

  set(name, value) {
    need(arguments, 2, "Headers.set");
    const key = headerName(name);
    const text = headerValue(key, value);
    const list = this.#changing();
    const at = list.findIndex((pair) => pair[0] === key);
    if (at < 0) {
      list.push([key, text]);
    } else {
      this.#list = list.filter((pair, i) => i <= at || pair[0] !== key);
      this.#list[at] = [key, text];
    }
  }

  forEach(callback, self = undefined) {
    need(arguments, 1, "Headers.forEach");
    requireCallback(callback, "Headers.forEach");
    for (const [name, value] of this) callback.call(self, value, name, this);
  }

  entries() {
    return pairIterator("Headers", () => this.#sortAndCombine(), (pair) => [...pair]);
  }

  keys() {
    return pairIterator("Headers", () => this.#sortAndCombine(), (pair) => pair[0]);
  }

  values() {
    return pairIterator("Headers", () => this.#sortAndCombine(), (pair) => pair[1]);
  }

  #changing() {
    if (this.#frozen) {
      throw new TypeError("These headers cannot be changed; make a copy: new Headers(headers)");
    }
    this.#sorted = undefined;
    return this.#list;
  }

  // Each name once, but for set-cookie, whose values must not be joined by commas.
  #sortAndCombine() {
    this.#sorted ??= [...new Set(this.#list.map((pair) => pair[0]))].sort().flatMap((name) =>
      name === "set-cookie"
        ? this.getSetCookie().map((value) => [name, value])
        : [[name, this.get(name)]],
    );
    return this.#sorted;
  }
}

expose(Headers);
makeIterable(Headers);
