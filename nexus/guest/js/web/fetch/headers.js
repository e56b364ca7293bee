// Headers: names in lower case, in the order they came; reading combines and sorts them.

const HTTP_TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const AROUND_VALUES = /^[\t\n\r ]+|[\t\n\r ]+$/g;

// Names and values that need no look, since most are among these.
const KNOWN_NAMES = { __proto__: null };
for (const name of [
  "Accept", "Accept-Encoding", "Accept-Language", "Access-Control-Allow-Origin", "Authorization",
  "Cache-Control", "Content-Encoding", "Content-Length", "Content-Type", "Cookie", "ETag", "Host",
  "If-None-Match", "Location", "Origin", "Referer", "Set-Cookie", "User-Agent", "Vary",
  "X-Forwarded-For", "X-Request-Id", "X-Request-ID",
]) {
  KNOWN_NAMES[name] = KNOWN_NAMES[name.toLowerCase()] = name.toLowerCase();
}
const KNOWN_VALUES = { __proto__: null };
for (const value of [
  "text/plain", "text/plain;charset=UTF-8", "text/plain; charset=utf-8", "text/html",
  "text/html;charset=UTF-8", "text/html; charset=utf-8", "application/json",
  "application/json; charset=utf-8", "no-cache", "no-store", "*",
]) {
  KNOWN_VALUES[value] = value;
}

const headerName = (name) => {
  const known = typeof name === "string" ? KNOWN_NAMES[name] : undefined;
  if (known !== undefined) return known;
  const text = toText(name);
  if (!HTTP_TOKEN.test(text)) {
    throw new TypeError(`Invalid header name ${JSON.stringify(text)}: it must be an HTTP token`);
  }
  return text.toLowerCase();
};

// What nearly all values are: printable, without space around.
const PLAIN_VALUE = /^[\x21-\x7e]+(?: [\x21-\x7e]+)*$/;

const headerValue = (name, value) => {
  if (typeof value === "string" && (KNOWN_VALUES[value] !== undefined || PLAIN_VALUE.test(value))) {
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
let headersOfText; // (text): the same of lines `name:value`, each after a line feed, and one at the end
let addContentType; // (headers, type): adds the type, which is sound, unless they have one
let freezeHeaders; // (headers): from now on each change is a TypeError

const pairsOfText = (text) => {
  const lines = text.split("\n");
  const pairs = [];
  for (let i = 1; i < lines.length - 1; i += 1) {
    const colon = lines[i].indexOf(":");
    pairs.push([lines[i].slice(0, colon), lines[i].slice(colon + 1)]);
  }
  return pairs;
};

// Returns the values of a header in such a text, joined, or null if the text lacks it.
const findInText = (text, key) => {
  const mark = "\n" + key + ":";
  let found = null;
  for (let at = text.indexOf(mark); at >= 0;) {
    const start = at + mark.length;
    at = text.indexOf("\n", start);
    const value = text.slice(start, at);
    found = found === null ? value : found + ", " + value;
    at = text.indexOf(mark, at);
  }
  return found;
};

class Headers {
  #list = [];
  #text; // what the list is made of when it is needed; undefined once it is
  #frozen = false;
  #sorted; // the pairs as iteration shows them, until the next change

  constructor(init = undefined) {
    if (init === undefined) {
      return;
    }
    if (init === null || (typeof init !== "object" && typeof init !== "function")) {
      throw new TypeError(`Headers needs an object or pairs, but got ${describe(init)}`);
    }
    const pairs = toPairs(init, "Headers");
    for (let i = 0; i < pairs.length; i += 1) {
      const key = headerName(pairs[i][0]);
      this.#list.push([key, headerValue(key, pairs[i][1])]);
    }
  }

  static {
    headerList = (headers) => {
      if (headers.#text !== undefined) {
        headers.#list = pairsOfText(headers.#text);
        headers.#text = undefined;
      }
      return headers.#list;
    };
    let next = new Headers(); // made before the snapshot, for the first request
    headersOfText = (text) => {
      const headers = next ?? new Headers();
      next = undefined;
      headers.#text = text;
      return headers;
    };
    headersOf = (pairs) => {
      const headers = new Headers();
      headers.#list = pairs;
      return headers;
    };
    addContentType = (headers, type) => {
      const list = headerList(headers);
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
    if (this.#text !== undefined) return findInText(this.#text, key);
    const list = this.#list;
    let found = null;
    for (let i = 0; i < list.length; i += 1) {
      if (list[i][0] === key) found = found === null ? list[i][1] : found + ", " + list[i][1];
    }
    return found;
  }

  getSetCookie() {
    return headerList(this).filter(([name]) => name === "set-cookie").map((pair) => pair[1]);
  }

  has(name) {
    need(arguments, 1, "Headers.has");
    const key = headerName(name);
    return headerList(this).some((pair) => pair[0] === key);
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
    return headerList(this);
  }

  // Each name once, but for set-cookie, whose values must not be joined by commas.
  #sortAndCombine() {
    this.#sorted ??= [...new Set(headerList(this).map((pair) => pair[0]))].sort().flatMap((name) =>
      name === "set-cookie"
        ? this.getSetCookie().map((value) => [name, value])
        : [[name, this.get(name)]],
    );
    return this.#sorted;
  }
}

expose(Headers);
makeIterable(Headers);
