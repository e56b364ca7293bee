// Response, with Response.json, redirect and error.

const NULL_BODY_STATUSES = [101, 103, 204, 205, 304];
const REDIRECT_STATUSES = [301, 302, 303, 307, 308];
const REASON_PHRASE = /^[\t\x20-\x7e\x80-\xff]*$/;

const RESPONSE_KEY = Symbol("the key that only this file has");

// Response -> {url, redirected}, for those that fetch returned
const fetchedFacts = new WeakMap();

// ({url, status, reason, headers, redirected}, content, remote): what fetch returns; the body is text,
// bytes, or a RemoteBody
let fetchedResponse;
let readResponse; // (value): what dispatch hands to the host, or undefined for no Response

const responseStatus = (status) => {
  const code = toUnsignedShort(status);
  if (code < 200 || code > 599) {
    throw new RangeError(`The status of a Response may be 200 to 599, not ${describe(status)}`);
  }
  return code;
};

const responseReason = (statusText) => {
  if (statusText === "") return "";
  const text = toByteString(statusText, "statusText");
  if (!REASON_PHRASE.test(text)) {
    throw new TypeError(`Invalid statusText ${JSON.stringify(text)}: it has control characters`);
  }
  return text;
};

class Response {
  #type = "default";
  #status = 200;
  #reason = "";
  #headers;
  #body = null;

  constructor(body = null, init = undefined) {
    if (body === RESPONSE_KEY) return;
    if (init === undefined) {
      this.#headers = new Headers();
    } else {
      const { status, statusText, headers } = toDictionary(init, "The options of a Response");
      if (status !== undefined) this.#status = responseStatus(status);
      if (statusText !== undefined) this.#reason = responseReason(statusText);
      this.#headers = new Headers(headers);
    }
    if (body !== null) this.#setBody(extractBody(body));
  }

  static {
    readResponse = (value) => {
      if (typeof value !== "object" || value === null || !(#headers in value)) return undefined;
      return {
        type: value.#type, status: value.#status, reason: value.#reason,
        headers: headerList(value.#headers), body: value.#body,
      };
    };
    fetchedResponse = ({ url, status, reason, headers, redirected }, content, remote) => {
      const response = new Response(RESPONSE_KEY);
      response.#type = "basic";
      response.#status = status;
      response.#reason = reason;
      response.#headers = freezeHeaders(headersOf(headers));
      if (!NULL_BODY_STATUSES.includes(status)) {
        if (remote) response.#body = newBody({ remote });
        else if (typeof content === "string") response.#body = newBody({ text: content });
        else response.#body = newBody({ bytes: content, owned: true });
      }
      fetchedFacts.set(response, { url, redirected });
      return response;
    };
    installBodyMethods(Response, (response) => response.#body);
  }

  static error() {
    const response = new Response();
    response.#type = "error";
    response.#status = 0;
    freezeHeaders(response.#headers);
    return response;
  }

  static json(data, init = undefined) {
    need(arguments, 1, "Response.json");
    const text = JSON.stringify(data);
    if (text === undefined) {
      throw new TypeError(`Response.json cannot write ${describe(data)} as JSON`);
    }
    const response = new Response(null, init);
    response.#setBody({ body: newBody({ text }), type: "application/json" });
    return response;
  }

  static redirect(url, status = 302) {
    need(arguments, 1, "Response.redirect");
    const target = parseURL(toUSV(url), requestURL());
    if (!target) {
      throw new TypeError(`Invalid URL: ${JSON.stringify(`${url}`)}`);
    }
    const code = toUnsignedShort(status);
    if (!REDIRECT_STATUSES.includes(code)) {
      throw new RangeError(
        `The status of a redirect may be ${REDIRECT_STATUSES.join(", ")}, not ${describe(status)}`,
      );
    }
    const response = new Response(null, { status: code });
    response.#headers.set("location", recordToText(target));
    freezeHeaders(response.#headers);
    return response;
  }

  get type() { return this.#type; }
  get url() { return fetchedFacts.get(this)?.url ?? ""; }
  get redirected() { return fetchedFacts.get(this)?.redirected ?? false; }
  get status() { return this.#status; }
  get ok() { return this.#status >= 200 && this.#status <= 299; }
  get statusText() { return this.#reason; }
  get headers() { return this.#headers; }

  clone() {
    const copy = new Response(RESPONSE_KEY);
    copy.#body = cloneBody(this.#body);
    copy.#type = this.#type;
    copy.#status = this.#status;
    copy.#reason = this.#reason;
    copy.#headers = headersOf([...headerList(this.#headers)]);
    const facts = fetchedFacts.get(this);
    if (facts) fetchedFacts.set(copy, facts);
    return copy;
  }

  #setBody({ body, type }) {
    if (NULL_BODY_STATUSES.includes(this.#status)) {
      throw new TypeError(`A Response with the status ${this.#status} cannot have a body`);
    }
    this.#body = body;
    if (type) addContentType(this.#headers, type);
  }
}

expose(Response);
