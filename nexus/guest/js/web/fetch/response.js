// Response, with Response.json, redirect and error.

const hasNoBody = (status) =>
  status === 204 || status === 304 || status === 205 || status === 101 || status === 103;
const REDIRECT_STATUSES = [301, 302, 303, 307, 308];
const REASON_PHRASE = /^[\t\x20-\x7e\x80-\xff]*$/;

const RESPONSE_KEY = Symbol("the key that only this file has");
const USED = true;
// These see the private fields.
let setResponse, setBody, bodyOfResponse, headersOfResponse, isResponse;

// Response -> {url, redirected}, for those that fetch returned
const fetchedFacts = new WeakMap();

// ({url, status, reason, headers, redirected}, content, remote): what fetch returns; the body is text,
// bytes, or a RemoteBody
let fetchedResponse;
let readResponse; // (value): {isError, status, reason, headers, body}; undefined for no Response

// (value): {head, body}, as the host takes them, or undefined unless `value` is a Response, and its
// body is there: text, or bytes. The body is used from then on.
let takeResponse;

// The head of a response: a line with the status and the reason, and one for each header, given as pairs
// or, if there is only a Content-Type, as that text.
const headText = (status, reason, headers) => {
  if (status === 200 && reason === "") {
    if (headers === TEXT_TYPE) return TEXT_HEAD;
    if (headers === JSON_TYPE) return JSON_HEAD;
  }
  const text = status + " " + reason + "\n";
  if (headers === undefined) return text;
  if (typeof headers === "string") return text + "content-type:" + headers + "\n";
  let lines = text;
  for (let i = 0; i < headers.length; i += 1) {
    const pair = headers[i];
    lines += pair[0] + ":" + pair[1] + "\n";
  }
  return lines;
};

const TEXT_TYPE = "text/plain;charset=UTF-8", JSON_TYPE = "application/json";
const TEXT_HEAD = `200 \ncontent-type:${TEXT_TYPE}\n`, JSON_HEAD = `200 \ncontent-type:${JSON_TYPE}\n`;

const responseStatus = (status) => {
  if (typeof status === "number" && status >= 200 && status <= 599 && status === (status | 0)) {
    return status;
  }
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

// Most responses are a short text, made and sent: what they do not need is made when it is asked for.
class Response {
  #status = 200;
  #headers; // Headers; or none so far, but for a Content-Type if this is a string
  #body = null; // a record of fetch/body.js, null, a string, or USED for a string that was sent
  #more; // {type, reason}, if they are not the usual ones

  constructor(body = null, init = undefined) {
    if (init === undefined && typeof body === "string") { // the usual case, without a call
      this.#body = body;
      this.#headers = TEXT_TYPE;
      return;
    }
    if (init !== undefined && body !== RESPONSE_KEY) setResponse(this, init);
    if (typeof body === "string") setBody(this, body, TEXT_TYPE);
    else if (body !== null && body !== RESPONSE_KEY) {
      const extracted = extractBody(body);
      setBody(this, extracted.body, extracted.type);
    }
  }

  static {
    setResponse = (response, init) => {
      const { status, statusText, headers } = toDictionary(init, "The options of a Response");
      if (status !== undefined) response.#status = responseStatus(status);
      if (statusText !== undefined) {
        const reason = responseReason(statusText);
        if (reason !== "") response.#more = { type: "default", reason };
      }
      if (headers !== undefined) response.#headers = new Headers(headers);
    };
    setBody = (response, body, type) => {
      if (hasNoBody(response.#status)) {
        throw new TypeError(`A Response with the status ${response.#status} cannot have a body`);
      }
      response.#body = body;
      if (!type) return;
      if (response.#headers === undefined) response.#headers = type;
      else addContentType(response.#headers, type);
    };
    bodyOfResponse = (response) => {
      const body = response.#body;
      if (typeof body === "object") return body;
      response.#body = body === USED
        ? newBody({ text: "", used: true })
        : newBody({ text: body.toWellFormed() });
      return response.#body;
    };
    isResponse = (value) => typeof value === "object" && value !== null && #more in value;
    headersOfResponse = (response) => {
      const headers = response.#headers;
      if (typeof headers === "object") return headers;
      response.#headers = headersOf(headers === undefined ? [] : [["content-type", headers]]);
      return response.#headers;
    };
    readResponse = (value) => isResponse(value) ? {
      isError: value.#more?.type === "error", status: value.#status, reason: value.#more?.reason ?? "",
      headers: headerList(headersOfResponse(value)), body: bodyOfResponse(value),
    } : undefined;
    takeResponse = (value) => {
      if (typeof value !== "object" || value === null || !(#more in value)) return undefined;
      if (value.#more !== undefined || value.then !== undefined) return undefined;
      const found = value.#body;
      let body = "";
      if (typeof found === "string") {
        body = found;
        value.#body = USED;
      } else if (found !== null) {
        if (found === USED || found.pieces || found.stream || found.remote) return undefined;
        requireUnused(found, "send the Response");
        body = found.text ?? knownBytes(found);
        if (found.text !== undefined) found.text = "";
        found.used = true;
      }
      const headers = value.#headers;
      const given = typeof headers === "object" ? headerList(headers) : headers;
      return { head: headText(value.#status, "", given), body };
    };
    fetchedResponse = ({ url, status, reason, headers, redirected }, content, remote) => {
      const response = new Response(RESPONSE_KEY);
      response.#more = { type: "basic", reason };
      response.#status = status;
      response.#headers = freezeHeaders(headersOf(headers));
      if (!hasNoBody(status)) {
        if (remote) response.#body = newBody({ remote });
        else if (typeof content === "string") response.#body = newBody({ text: content });
        else response.#body = newBody({ bytes: content, owned: true });
      }
      fetchedFacts.set(response, { url, redirected });
      return response;
    };
    installBodyMethods(Response, bodyOfResponse);
  }

  static error() {
    const response = new Response();
    response.#more = { type: "error", reason: "" };
    response.#status = 0;
    freezeHeaders(headersOfResponse(response));
    return response;
  }

  static json(data, init = undefined) {
    need(arguments, 1, "Response.json");
    const text = JSON.stringify(data);
    if (text === undefined) {
      throw new TypeError(`Response.json cannot write ${describe(data)} as JSON`);
    }
    const response = new Response(null, init);
    if (init === undefined) {
      response.#body = text;
      response.#headers = JSON_TYPE;
    } else setBody(response, text, JSON_TYPE);
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
    headersOfResponse(response).set("location", recordToText(target));
    freezeHeaders(headersOfResponse(response));
    return response;
  }

  get type() { return this.#more === undefined ? "default" : this.#more.type; }
  get url() { return fetchedFacts.get(this)?.url ?? ""; }
  get redirected() { return fetchedFacts.get(this)?.redirected ?? false; }
  get status() { return this.#status; }
  get ok() { return this.#status >= 200 && this.#status <= 299; }
  get statusText() { return this.#more === undefined ? "" : this.#more.reason; }
  get headers() { return headersOfResponse(this); }

  clone() {
    const copy = new Response(RESPONSE_KEY);
    copy.#body = cloneBody(bodyOfResponse(this));
    copy.#more = this.#more;
    copy.#status = this.#status;
    copy.#headers = headersOf([...headerList(headersOfResponse(this))]);
    const facts = fetchedFacts.get(this);
    if (facts) fetchedFacts.set(copy, facts);
    return copy;
  }
}

expose(Response);
