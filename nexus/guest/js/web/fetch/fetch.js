// fetch: the host sends the request, if the handler's manifest grants its server, and waits for the
// answer while other promises and timers go on.

const requestsUnderWay = new Map(); // number -> {resolve, reject}

// {number} of a request that the host has started. Throws what the host says against it.
const startRequest = ({ method, url, headers, redirect }, body) => {
  const head = utf8Encode(`${writeJSON({ method, url, headers, redirect })}\n`);
  const { status, bytes } = host.fetch(body.length > 0 ? concatBytes([head, body]) : head);
  const answer = parseJSON(utf8DecodeKeepingBom(bytes));
  if (status !== HOST_OK) throw declined(status, answer);
  return answer;
};

const failureOf = ({ kind, message }) => {
  if (kind === "denied") return declined(DENIED, message);
  if (kind === "timeout") return new DOMException(message, "TimeoutError");
  return new TypeError(`fetch failed: ${message}`);
};

// Called by the host: a request has ended. `head` is JSON.
const fetched = (head, body) => {
  const { number, ...outcome } = parseJSON(utf8DecodeKeepingBom(head));
  const waiting = requestsUnderWay.get(number);
  requestsUnderWay.delete(number);
  if (outcome.status === undefined) waiting.reject(failureOf(outcome));
  else waiting.resolve(fetchedResponse(outcome, body));
};

define("fetch", async function fetch(input, init = undefined) {
  need(arguments, 1, "fetch");
  const request = new Request(input, init);
  const { signal, body, ...head } = requestParts(request);
  signal?.throwIfAborted();
  const bytes = body === null ? new Uint8Array(0) : await takeBytes(body, "send the Request");
  signal?.throwIfAborted();
  const number = startRequest(head, bytes);
  return new Promise((resolve, reject) => {
    requestsUnderWay.set(number, { resolve, reject });
    if (!signal) return;
    onAbort(signal, () => {
      if (!requestsUnderWay.delete(number)) return;
      callHost(["http_cancel", number]);
      reject(signal.reason);
    });
  });
});
