// One request: builds a Request from the host's head, calls the handler, returns the response.

// What each request needs is made before the snapshot, and filled in when it comes: the objects of the
// first request are here. (A further one in the same instance makes its own.)

let currentURL; // of the request being answered, as it came

let currentEnv; // the handler's, for node:process
const requestEnv = () => currentEnv;

// The base of relative URLs in Request and Response.redirect, or undefined outside a request.
const requestURL = () => currentURL && parseURL(currentURL);

const callHandler = (handler, request, env, context) => {
  if (typeof handler === "function") {
    return handler(request, env, context);
  }
  if (typeof handler?.fetch === "function") {
    return handler.fetch(request, env, context);
  }
  if (handler === undefined && answersEvents()) {
    return answerByEvent(request, env, context);
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

let nextContext = newContext(), nextEnv = {};
let currentWaits; // the promises passed to its waitUntil
let mayStream = false; // its response may leave piece by piece

const NOTHING_MORE = Object.freeze({ head: "200 \n", body: "" });

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
  if (response.isError) {
    throw new TypeError("The handler gave Response.error(), which cannot be sent");
  }
  return response;
};

// Calls the handler; returns what it returns. `more` is JSON, or "".
const dispatch = (handler, method, url, headers, more, now, sent) => {
  beginClock(now);
  forgetSeed();
  currentURL = url;
  const { context, waits } = nextContext ?? newContext();
  currentWaits = waits;
  currentEnv = nextEnv ?? {};
  nextContext = nextEnv = undefined;
  mayStream = false;
  if (more !== "") {
    const given = JSON.parse(more);
    currentEnv = environmentOf(given);
    mayStream = given.stream === true;
    if (given.scheduled) return runScheduled(handler, given.scheduled);
  }
  return callHandler(handler, incomingRequest(method, url, headers, sent), currentEnv, context);
};

// Returns a response for the host, {head, body}, or undefined if that takes more than this turn.
const answerNow = (value) =>
  currentWaits.length === 0 && !mayStream ? takeResponse(value) : undefined;

const headOf = ({ status, reason, headers }) => headText(status, reason, headers);

// Calls `succeed` with the response, {head, body, rest, stream}, or `fail` with an error.
const answerLater = async (value, succeed, fail) => {
  const waits = currentWaits;
  try {
    const returned = await value;
    if (waits.length === 0 && !mayStream) {
      const answer = takeResponse(returned);
      if (answer !== undefined) return succeed(answer);
    }
    const response = requireResponse(returned);
    const stream = mayStream ? unreadStream(response.body, "send the Response") : undefined;
    if (stream) {
      const rest = () => sendStream(stream, waits);
      return succeed({ head: headOf(response), body: "", rest, stream: true });
    }
    const content = takeContent(response.body, "send the Response");
    const body = typeof content === "string" ? content : await content;
    const rest = waits.length === 0 ? undefined : () => settle(waits);
    succeed({ head: headOf(response), body, rest });
  } catch (error) {
    fail(error);
  }
};
