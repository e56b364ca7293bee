// One request: builds a Request from the host's head, calls the handler, returns the response.

let currentURL; // of the request being answered, as it came

let currentEnv; // the handler's, for node:process
const requestEnv = () => currentEnv;

// The base of relative URLs in Request and Response.redirect, or undefined outside a request.
const requestURL = () => currentURL && parseURL(currentURL);

const handlerFunction = (handler) => {
  if (typeof handler === "function") {
    return handler;
  }
  if (typeof handler?.fetch === "function") {
    return (...args) => handler.fetch(...args);
  }
  if (handler === undefined && answersEvents()) {
    return answerByEvent;
  }
  throw new TypeError(
    "The handler's default export must be a function or an object with a function fetch, but is " +
    describe(handler),
  );
};

// The handler's third argument. The run goes on after the answer until every promise passed to
// waitUntil has settled.
const newContext = () => {
  const waits = [];
  const waitUntil = (promise) => {
    waits.push(Promise.resolve(promise).catch(logUncaught));
  };
  return { context: { waitUntil, passThroughOnException() {} }, waits };
};

const NOTHING_MORE = Object.freeze({ status: 200, reason: "", headers: [], body: new Uint8Array(0) });

const settle = async (waits) => {
  for (let i = 0; i < waits.length; i += 1) await waits[i]; // the list may grow meanwhile
  return NOTHING_MORE;
};

// Sends a stream's chunks as they come.
const sendStream = async (stream, waits) => {
  await streams().readChunks(stream, host.bodyPart);
  return settle(waits);
};

const requireResponse = (value) => {
  const response = readResponse(value);
  if (!response) {
    throw new TypeError(`The handler must give a Response, but gave ${describe(value)}`);
  }
  if (response.type === "error") {
    throw new TypeError("The handler gave Response.error(), which cannot be sent");
  }
  return response;
};

const dispatch = async (handler, head, sent) => {
  beginClock(head.now);
  forgetSeed();
  currentURL = head.url;
  currentEnv = environmentOf(head);
  if (head.scheduled) return runScheduled(handler, head.scheduled);
  const { context, waits } = newContext();
  const answer = await handlerFunction(handler)(incomingRequest(head, sent), currentEnv, context);
  const response = requireResponse(answer);
  const stream = head.stream ? unreadStream(response.body, "send the Response") : undefined;
  if (stream) {
    const { status, reason, headers } = response;
    return { status, reason, headers, body: "", rest: () => sendStream(stream, waits), stream: true };
  }
  const content = takeContent(response.body, "send the Response");
  const body = typeof content === "string" ? content : await content;
  const { status, reason, headers } = response;
  if (waits.length === 0) return { status, reason, headers, body };
  return { status, reason, headers, body, rest: () => settle(waits) };
};
