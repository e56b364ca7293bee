// Event and CustomEvent. There is no tree here, so an event has one target and no path.

let beginDispatch; // (event, target): from here to endDispatch the event is on its way
let endDispatch;
let isDispatching;
let stoppedImmediately;
let isStopped;
let setPassive;
let isTrusted;
let trustedEvent; // (type): one that the runtime itself fires

// On each event itself, so that no subclass can claim to be trusted.
const TRUSTED_PROPERTY = {
  get() {
    return isTrusted(this);
  },
  enumerable: true, configurable: false,
};

class Event {
  #type;
  #flags;
  #target = null;
  #current = null;
  #phase = 0;
  #dispatching = false;
  #stopped = false;
  #stoppedNow = false;
  #prevented = false;
  #passive = false;
  #time = elapsed();
  #trusted = false;

  constructor(type, init = undefined) {
    need(arguments, 1, "Event");
    this.#type = toText(type);
    Object.defineProperty(this, "isTrusted", TRUSTED_PROPERTY);
    const { bubbles, cancelable, composed } = toDictionary(init, "The options of an event");
    this.#flags = {
      bubbles: Boolean(bubbles), cancelable: Boolean(cancelable), composed: Boolean(composed),
    };
  }

  static {
    isTrusted = (event) => event.#trusted;
    trustedEvent = (type) => {
      const event = new Event(type);
      event.#trusted = true;
      return event;
    };
    isDispatching = (event) => event.#dispatching;
    isStopped = (event) => event.#stopped;
    stoppedImmediately = (event) => event.#stoppedNow;
    setPassive = (event, passive) => {
      event.#passive = passive;
    };
    beginDispatch = (event, target) => {
      event.#dispatching = true;
      event.#target = event.#current = target;
      event.#phase = Event.AT_TARGET;
    };
    endDispatch = (event) => {
      event.#dispatching = event.#stopped = event.#stoppedNow = false;
      event.#current = null;
      event.#phase = Event.NONE;
    };
  }

  get type() { return this.#type; }
  get target() { return this.#target; }
  get srcElement() { return this.#target; }
  get currentTarget() { return this.#current; }
  get eventPhase() { return this.#phase; }
  get bubbles() { return this.#flags.bubbles; }
  get cancelable() { return this.#flags.cancelable; }
  get composed() { return this.#flags.composed; }
  get defaultPrevented() { return this.#prevented; }
  get timeStamp() { return this.#time; }
  get returnValue() { return !this.#prevented; }
  set returnValue(value) { if (!value) this.preventDefault(); }
  get cancelBubble() { return this.#stopped; }
  set cancelBubble(value) { if (value) this.stopPropagation(); }

  composedPath() {
    return this.#current ? [this.#current] : [];
  }

  preventDefault() {
    this.#prevented ||= this.#flags.cancelable && !this.#passive;
  }

  stopPropagation() {
    this.#stopped = true;
  }

  stopImmediatePropagation() {
    this.#stopped = this.#stoppedNow = true;
  }

  initEvent(type, bubbles = false, cancelable = false) {
    need(arguments, 1, "initEvent");
    if (this.#dispatching) {
      return;
    }
    this.#type = toText(type);
    this.#flags = { ...this.#flags, bubbles: Boolean(bubbles), cancelable: Boolean(cancelable) };
    this.#prevented = this.#stopped = this.#stoppedNow = false;
    this.#target = null;
  }
}

constants(Event, { NONE: 0, CAPTURING_PHASE: 1, AT_TARGET: 2, BUBBLING_PHASE: 3 });
expose(Event);

class CustomEvent extends Event {
  #detail;

  constructor(type, init = undefined) {
    need(arguments, 1, "CustomEvent");
    super(type, init);
    this.#detail = init?.detail ?? null;
  }

  get detail() { return this.#detail; }
}

expose(CustomEvent);
