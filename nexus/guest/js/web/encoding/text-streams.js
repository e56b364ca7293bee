// TextDecoderStream and TextEncoderStream.

class TextDecoderStream {
  #decoder;
  #transform;

  constructor(label = "utf-8", options = undefined) {
    const decoder = new TextDecoder(label, options);
    this.#decoder = decoder;
    const emit = (text, controller) => {
      if (text !== "") controller.enqueue(text);
    };
    this.#transform = new TransformStream({
      transform: (chunk, controller) => emit(decoder.decode(
        toBytes(chunk, "A chunk of a TextDecoderStream"), { stream: true },
      ), controller),
      flush: (controller) => emit(decoder.decode(), controller),
    });
  }

  get encoding() { return this.#decoder.encoding; }
  get fatal() { return this.#decoder.fatal; }
  get ignoreBOM() { return this.#decoder.ignoreBOM; }
  get readable() { return this.#transform.readable; }
  get writable() { return this.#transform.writable; }
}

class TextEncoderStream {
  #transform;

  constructor() {
    let high = ""; // the first half of a pair, from the last chunk
    this.#transform = new TransformStream({
      transform: (chunk, controller) => {
        let text = high + toText(chunk);
        high = /[\ud800-\udbff]$/.test(text) ? text.at(-1) : "";
        if (high) text = text.slice(0, -1);
        if (text !== "") controller.enqueue(utf8Encode(text));
      },
      flush: (controller) => {
        if (high) controller.enqueue(utf8Encode("\ufffd"));
      },
    });
  }

  get encoding() { return "utf-8"; }
  get readable() { return this.#transform.readable; }
  get writable() { return this.#transform.writable; }
}

expose(TextDecoderStream);
expose(TextEncoderStream);
