// The global scope as an event target, and FetchEvent of the Service Workers standard: a module
// without a default export may answer with `addEventListener("fetch", (e) => e.respondWith(…))`.

const globalTarget = new EventTarget();

for (const name of ["addEventListener", "removeEventListener", "dispatchEvent"]) {
  const method = globalTarget[name];
  define(name, { [name]: (...args) => Reflect.apply(method, globalTarget, args) }[name]);
}

let extend; // (event, waitUntil): lets listeners extend the event by waitUntil, and returns it
let answerOf; // (event): the promise given to respondWith, or undefined

class ExtendableEvent extends Event {
  #waitUntil = () => {
    throw new DOMException("Only an event that the runtime fires can be extended", "InvalidStateError");
  };

  static {
    extend = (event, waitUntil) => {
      event.#waitUntil = waitUntil;
      return event;
    };
  }

  waitUntil(promise) {
    need(arguments, 1, "waitUntil");
    this.#waitUntil(promise);
  }
}

class FetchEvent extends ExtendableEvent {
  #request;
  #answer;

  constructor(type, init) {
    super(type, init);
    const { request } = toDictionary(init, "The options of a FetchEvent");
    if (!(request instanceof Request)) {
      throw new TypeError(`A FetchEvent needs a Request, but got ${describe(request)}`);
    }
    this.#request = request;
  }

  static {
    answerOf = (event) => event.#answer;
  }

  get request() { return this.#request; }

  respondWith(response) {
    need(arguments, 1, "respondWith");
    if (!isDispatching(this) || this.#answer) {
      const why = this.#answer ? "respondWith was called already" : "The listener has returned already";
      throw new DOMException(why, "InvalidStateError");
    }
    this.stopImmediatePropagation();
    this.#answer = Promise.resolve(response);
  }

  passThroughOnException() {}
}

expose(ExtendableEvent);
expose(FetchEvent);

define("onerror", null);
define("onunhandledrejection", null);
define("onrejectionhandled", null);

const answersEvents = () => hasListener(globalTarget, "fetch") || hasListener(globalTarget, "scheduled");

// Calls the event's listeners; returns the first error that one throws, as {error}, or undefined.
const fire = (event) => {
  let thrown;
  firstError = (error) => {
    thrown ??= { error };
  };
  try {
    globalTarget.dispatchEvent(event);
  } finally {
    firstError = undefined;
  }
  return thrown;
};

const answerByEvent = (request, env, { waitUntil }) => {
  const event = extend(new FetchEvent("fetch", { request, cancelable: true }), waitUntil);
  const thrown = fire(event);
  const answer = answerOf(event);
  if (answer) return answer;
  if (thrown) throw thrown.error;
  throw new TypeError("No listener of the event fetch has called event.respondWith");
};
