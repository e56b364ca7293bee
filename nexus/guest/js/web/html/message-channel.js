// MessageChannel: two ports, each of which gets clones of what the other is sent. A message arrives
// in a turn of its own, once its port was started.

let entanglePorts;

class MessagePort extends EventTarget {
  #other;
  #queue = []; // messages that came before start()
  #started = false;
  #handler = null;

  constructor(key) {
    if (key !== PORT_KEY) throw new TypeError("MessagePort cannot be constructed; use MessageChannel");
    super();
  }

  static {
    entanglePorts = (first, second) => {
      first.#other = second;
      second.#other = first;
    };
  }

  get onmessage() { return this.#handler; }

  // The first handler starts the port, as the HTML standard says.
  set onmessage(handler) {
    if (this.#handler === null) this.addEventListener("message", (event) => this.#handler?.call(this, event));
    this.#handler = typeof handler === "function" ? handler : null;
    this.start();
  }

  postMessage(message, options = undefined) {
    need(arguments, 1, "MessagePort.postMessage");
    const transfer = Array.isArray(options) ? options : toDictionary(options, "The options").transfer;
    const data = cloneForTransfer(message, transfer);
    this.#other?.#receive(data);
  }

  start() {
    if (this.#started) return;
    this.#started = true;
    for (const data of this.#queue.splice(0)) this.#deliver(data);
  }

  close() {
    const other = this.#other;
    this.#other = undefined;
    if (other) other.#other = undefined;
    this.#queue = [];
  }

  #receive(data) {
    if (this.#started) this.#deliver(data);
    else this.#queue.push(data);
  }

  #deliver(data) {
    startTimer("postMessage", () => this.dispatchEvent(new MessageEvent("message", { data })), 0, [], false);
  }
}

const PORT_KEY = Symbol("the key that only this file has");

defineHandler(MessagePort, "messageerror");
expose(MessagePort);

class MessageChannel {
  #ports = [new MessagePort(PORT_KEY), new MessagePort(PORT_KEY)];

  constructor() {
    entanglePorts(...this.#ports);
  }

  get port1() { return this.#ports[0]; }
  get port2() { return this.#ports[1]; }
}

expose(MessageChannel);
