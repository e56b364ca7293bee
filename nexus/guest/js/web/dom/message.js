// MessageEvent, and the events of errors that nobody catches.

class MessageEvent extends Event {
  #data;
  #ports;
  #origin;
  #lastEventId;
  #source;

  constructor(type, init = undefined) {
    need(arguments, 1, "MessageEvent");
    super(type, init);
    const { data = null, origin = "", lastEventId = "", source = null, ports = [] } = init ?? {};
    this.#data = data;
    this.#origin = toUSV(origin);
    this.#lastEventId = toText(lastEventId);
    this.#source = source;
    this.#ports = Object.freeze([...ports]);
  }

  get data() { return this.#data; }
  get origin() { return this.#origin; }
  get lastEventId() { return this.#lastEventId; }
  get source() { return this.#source; }
  get ports() { return this.#ports; }
}

class ErrorEvent extends Event {
  #fields;

  constructor(type, init = undefined) {
    need(arguments, 1, "ErrorEvent");
    super(type, init);
    const { message = "", filename = "", lineno = 0, colno = 0, error = undefined } = init ?? {};
    this.#fields = {
      message: toText(message), filename: toUSV(filename), lineno: lineno >>> 0, colno: colno >>> 0,
      error,
    };
  }

  get message() { return this.#fields.message; }
  get filename() { return this.#fields.filename; }
  get lineno() { return this.#fields.lineno; }
  get colno() { return this.#fields.colno; }
  get error() { return this.#fields.error; }
}

class PromiseRejectionEvent extends Event {
  #promise;
  #reason;

  constructor(type, init = undefined) {
    need(arguments, 2, "PromiseRejectionEvent");
    super(type, init);
    const { promise, reason = undefined } = toDictionary(init, "The options of the event");
    if (promise === undefined) throw new TypeError("A PromiseRejectionEvent needs a promise");
    this.#promise = Promise.resolve(promise);
    this.#reason = reason;
  }

  get promise() { return this.#promise; }
  get reason() { return this.#reason; }
}

expose(MessageEvent);
expose(ErrorEvent);
expose(PromiseRejectionEvent);

const errorEvent = (error) => {
  const [, filename, line, column] = /\(([^()]+):(\d+):(\d+)\)/.exec(error?.stack ?? "") ?? [];
  return new ErrorEvent("error", {
    error, message: `Uncaught ${error}`, filename, lineno: line, colno: column, cancelable: true,
  });
};

const rejectionEvent = (type, promise, reason) =>
  new PromiseRejectionEvent(type, { promise, reason, cancelable: type === "unhandledrejection" });
