// Request. The options that only matter to a fetch (mode, credentials, cache and so on) are
// kept as they are given and have no effect, but for redirect.

const NORMAL_METHODS = ["DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"];
const FORBIDDEN_METHODS = ["CONNECT", "TRACE", "TRACK"];

const requestMethod = (method) => {
  const text = toText(method);
  if (!HTTP_TOKEN.test(text)) {
    throw new TypeError(`Invalid method ${JSON.stringify(text)}: it must be an HTTP token`);
  }
  const upper = text.toUpperCase();
  if (FORBIDDEN_METHODS.includes(upper)) {
    throw new TypeError(`A Request may not have the method ${text}`);
  }
  return NORMAL_METHODS.includes(upper) ? upper : text;
};

// [allowed values, the first one is the default]; an empty list allows any string.
const REQUEST_OPTIONS = {
  mode: ["cors", "navigate", "no-cors", "same-origin"],
  credentials: ["same-origin", "include", "omit"],
  cache: ["default", "force-cache", "no-cache", "no-store", "only-if-cached", "reload"],
  redirect: ["follow", "error", "manual"],
  referrerPolicy: ["", "no-referrer", "no-referrer-when-downgrade", "origin",
    "origin-when-cross-origin", "same-origin", "strict-origin",
    "strict-origin-when-cross-origin", "unsafe-url"],
  integrity: [],
  referrer: [],
};

const OPTION_NAMES = Object.keys(REQUEST_OPTIONS);

const defaultOption = (name) =>
  REQUEST_OPTIONS[name][0] ?? (name === "referrer" ? "about:client" : "");

const requestOption = (name, value) => {
  const allowed = REQUEST_OPTIONS[name];
  const text = toText(value);
  if (allowed.length > 0 && !allowed.includes(text)) {
    throw new TypeError(
      `The option ${name} of a Request may be ` +
      `${allowed.map((one) => JSON.stringify(one)).join(", ")}, not ${JSON.stringify(text)}`,
    );
  }
  return text;
};

const absoluteURL = (input) => {
  if (typeof input === "string" && isNormal(input)) return input;
  const text = toUSV(input);
  const url = parseURL(text, requestURL());
  if (!url) {
    throw new TypeError(`Invalid URL: ${JSON.stringify(text)}`);
  }
  if (hasCredentials(url)) {
    throw new TypeError(
      `A Request's URL may not have a user or a password: ${JSON.stringify(text)}`,
    );
  }
  return writeRecord(url);
};

const requestSignal = (init, input) => {
  const signal = init.signal === undefined ? input?.signal : init.signal;
  if (signal === undefined || signal === null) return undefined;
  if (!(signal instanceof AbortSignal)) {
    throw new TypeError(`The option signal must be an AbortSignal, not ${describe(signal)}`);
  }
  return followSignals([signal]);
};

let requestParts; // (request): what fetch sends
// (method, url, headers, [bytes] or pieces of text): the request that a handler gets. The host gives
// the headers as `headersOfText` takes them, or as JSON if a value has a line feed.
let incomingRequest;
let headersOfRequest; // (request)

const REQUEST_KEY = Symbol("the key that only this file has");

class Request {
  #method;
  #url; // as it came; `url` makes it normal where it must be
  #isNormal = true;
  #headers; // of an incoming request a text, until they are asked for
  #body = null;
  #signal;
  #options; // those that are not the default

  constructor(input, init = undefined) {
    if (input === REQUEST_KEY) return;
    need(arguments, 1, "Request");
    const given = toDictionary(init, "The options of a Request");
    const source = input instanceof Request ? input : undefined;
    this.#url = source ? source.url : absoluteURL(input);
    this.#method = given.method === undefined
      ? source?.method ?? "GET"
      : requestMethod(given.method);
    this.#headers = new Headers(given.headers ?? source?.headers);
    this.#signal = requestSignal(given, source);
    if (source?.#options) this.#options = { ...source.#options };
    if (init !== undefined) this.#setOptions(given);
    this.#setBody(given, source);
  }

  static {
    let next = new Request(REQUEST_KEY);
    next.#isNormal = false;
    incomingRequest = (method, url, headers, sent) => {
      const request = next ?? new Request(REQUEST_KEY);
      if (next === undefined) request.#isNormal = false;
      next = undefined;
      request.#method = method;
      request.#url = url;
      request.#headers = headers;
      if (sent.length > 0) request.#body = bodyOfRequest(sent);
      return request;
    };
    headersOfRequest = (request) => {
      const given = request.#headers;
      if (typeof given !== "string") return given;
      const headers = given[0] === "[" ? headersOf(parseJSON(given)) : headersOfText(given);
      request.#headers = freezeHeaders(headers);
      return request.#headers;
    };
    requestParts = (request) => ({
      method: request.#method,
      url: request.url,
      headers: headerList(headersOfRequest(request)),
      redirect: request.redirect,
      signal: request.#signal,
      body: request.#body,
    });
    installBodyMethods(Request, (request) => request.#body);
  }

  get method() { return this.#method; }
  get headers() { return headersOfRequest(this); }

  get url() {
    if (!this.#isNormal) {
      const record = isNormal(this.#url) ? undefined : parseURL(this.#url);
      if (record) this.#url = writeRecord(record);
      this.#isNormal = true;
    }
    return this.#url;
  }

  get signal() {
    this.#signal ??= new AbortController().signal;
    return this.#signal;
  }

  get destination() { return ""; }
  get duplex() { return "half"; }
  get isHistoryNavigation() { return false; }
  get isReloadNavigation() { return false; }
  get keepalive() { return this.#options?.keepalive ?? false; }

  clone() {
    const copy = new Request(REQUEST_KEY);
    copy.#body = cloneBody(this.#body);
    copy.#method = this.#method;
    copy.#url = this.url;
    copy.#headers = headersOf([...headerList(headersOfRequest(this))]);
    copy.#signal = this.#signal && followSignals([this.#signal]);
    copy.#options = this.#options && { ...this.#options };
    return copy;
  }

  #setOptions(given) {
    for (let i = 0; i < OPTION_NAMES.length; i += 1) {
      const name = OPTION_NAMES[i];
      const value = given[name];
      if (value !== undefined) (this.#options ??= {})[name] = requestOption(name, value);
    }
    const keepalive = given.keepalive ?? undefined;
    if (keepalive !== undefined) (this.#options ??= {}).keepalive = Boolean(keepalive);
  }

  #setBody(given, source) {
    const isGiven = given.body !== undefined && given.body !== null;
    if (isGiven && (this.#method === "GET" || this.#method === "HEAD")) {
      throw new TypeError(`A Request with the method ${this.#method} cannot have a body`);
    }
    if (isGiven) {
      const { body, type } = extractBody(given.body);
      if (body.stream && given.duplex !== "half") {
        throw new TypeError('A Request whose body is a stream needs the option duplex: "half"');
      }
      this.#body = body;
      if (type) addContentType(this.#headers, type);
    } else if (source?.#body && given.body === undefined) {
      requireUnused(source.#body, "make a Request of a Request");
      joinPieces(source.#body);
      this.#body = { ...source.#body };
      source.#leaveBody();
    }
  }

  // The body went to another Request: here it counts as read.
  #leaveBody() {
    if (knownBytes(this.#body)) {
      this.#body = newBody({ bytes: this.#body.bytes, used: true });
    } else {
      const spent = new (streams().ReadableStream)();
      spent.cancel();
      this.#body = newBody({ stream: spent });
    }
  }

  static {
    for (const name of OPTION_NAMES) {
      Object.defineProperty(Request.prototype, name, {
        get() { return this.#options?.[name] ?? defaultOption(name); },
        configurable: true,
      });
    }
  }
}

expose(Request);
