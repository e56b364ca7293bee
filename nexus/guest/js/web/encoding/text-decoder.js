// TextDecoder: bytes to strings, also in pieces ({stream: true}).

class TextDecoder {
  #name;
  #fatal;
  #ignoreBOM;
  #legacy; // what decodes a text whose encoding the host knows
  #pending = NO_BYTES; // the start of a character, from the last chunk
  #atStart = true; // nothing decoded yet: a BOM would be here

  constructor(label = "utf-8", options = undefined) {
    const name = encodingFromLabel(toText(label));
    if (!name) {
      throw new RangeError(
        `There is no decoder for ${JSON.stringify(`${label}`)}: the Encoding standard has no such label`,
      );
    }
    const { fatal, ignoreBOM } = toDictionary(options, "The options of TextDecoder");
    this.#name = name;
    this.#fatal = Boolean(fatal);
    this.#ignoreBOM = Boolean(ignoreBOM);
  }

  get encoding() {
    return this.#name;
  }

  get fatal() {
    return this.#fatal;
  }

  get ignoreBOM() {
    return this.#ignoreBOM;
  }

  decode(input = undefined, options = undefined) {
    const chunk = input === undefined ? NO_BYTES : toBytes(input, "What decode() reads");
    const stream = Boolean(toDictionary(options, "The options of decode()").stream);
    if (!ENCODINGS[this.#name]) return this.#decodeLegacy(chunk, stream);
    const { decode, openEnd } = ENCODINGS[this.#name];
    let bytes = this.#pending.length > 0 ? concatBytes([this.#pending, chunk]) : chunk;
    const held = stream ? openEnd(bytes) : 0;
    this.#pending = held > 0 ? bytes.slice(bytes.length - held) : NO_BYTES;
    bytes = bytes.subarray(0, bytes.length - held);
    try {
      return this.#withoutBom(decode(bytes, this.#fatal), stream);
    } catch (error) {
      this.#reset();
      throw error;
    }
  }

  #decodeLegacy(chunk, stream) {
    const decode = (this.#legacy ??= part("legacy-text").legacyDecoder(this.#name));
    if (!stream) this.#legacy = undefined;
    return decode(chunk, this.#fatal, !stream);
  }

  #withoutBom(text, stream) {
    const bom = this.#atStart && !this.#ignoreBOM && text.charCodeAt(0) === 0xfeff;
    this.#atStart = !stream || (this.#atStart && text === "");
    return bom ? text.slice(1) : text;
  }

  #reset() {
    this.#pending = NO_BYTES;
    this.#atStart = true;
  }
}

expose(TextDecoder);
