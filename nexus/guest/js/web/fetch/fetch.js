// fetch: the host sends the request, if the handler's manifest grants its server, and waits for the
// answer while other promises and timers go on. It reads a long body part by part, as the handler
// does.

const requestsUnderWay = new Map(); // number -> {resolve, reject}: for its answer, or a part of it

// {number} of a request that the host has started. Throws what the host says against it.
const startRequest = ({ method, url, headers, redirect }, body) => {
  const head = utf8Encode(`${writeJSON({ method, url, headers, redirect, stream: true })}\n`);
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

// Called by the host: a request has ended, or the next part of a body is here. `text` is a line of
// JSON, after which the body follows if the host could give it as a string.
const fetched = (text, bytes) => {
  const [head, content] = cutAt(text, "\n");
  const outcome = parseJSON(head);
  const waiting = requestsUnderWay.get(outcome.number);
  requestsUnderWay.delete(outcome.number);
  if (outcome.kind !== undefined) waiting.reject(failureOf(outcome));
  else waiting.resolve(outcome, content ?? bytes);
};

// The rest of an answer's body, at the host.
class RemoteBody {
  constructor(number) {
    this.number = number;
    this.isOpen = true;
  }

  // The promise of the next part, or of undefined at the end.
  read() {
    if (this.failed) return Promise.reject(this.failed.reason);
    if (!this.isOpen) return Promise.resolve(undefined);
    return new Promise((resolve, reject) => {
      try {
        callHost(["http_read", this.number]);
      } catch (error) {
        this.isOpen = false;
        throw error;
      }
      requestsUnderWay.set(this.number, {
        resolve: ({ more }, bytes) => {
          this.isOpen = more;
          resolve(bytes.length > 0 ? bytes : undefined);
        },
        reject: (error) => {
          this.failed = { reason: error };
          reject(error);
        },
      });
    });
  }

  // Drops the rest. `failed` has the reason for later reads; without it the body just ends.
  close(failed = undefined) {
    this.failed ??= failed;
    if (!this.isOpen) return;
    this.isOpen = false;
    const waiting = requestsUnderWay.get(this.number);
    requestsUnderWay.delete(this.number);
    callHost(["http_cancel", this.number]);
    if (failed) waiting?.reject(failed.reason);
  }
}

define("fetch", async function fetch(input, init = undefined) {
  need(arguments, 1, "fetch");
  const request = new Request(input, init);
  const { signal, body, ...head } = requestParts(request);
  signal?.throwIfAborted();
  const bytes = body === null ? new Uint8Array(0) : await takeBytes(body, "send the Request");
  signal?.throwIfAborted();
  const number = startRequest(head, bytes);
  // Without `await` two more jobs would pass the answer on.
  return await new Promise((resolve, reject) => {
    let remote;
    requestsUnderWay.set(number, {
      resolve: (outcome, content) => {
        if (outcome.more) remote = new RemoteBody(number);
        resolve(fetchedResponse(outcome, content, remote));
      },
      reject,
    });
    if (!signal) return;
    onAbort(signal, () => {
      if (remote) {
        remote.close({ reason: signal.reason });
      } else if (requestsUnderWay.delete(number)) {
        callHost(["http_cancel", number]);
        reject(signal.reason);
      }
    });
  });
});
