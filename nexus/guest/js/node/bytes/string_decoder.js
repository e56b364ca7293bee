// node:string_decoder: text from chunks that may end within a character.

import { Buffer } from "node:buffer";
import { requireEncoding } from "node:nexus/codecs";

const UNIT = { __proto__: null, base64: 3, base64url: 3, utf16le: 2 };

export class StringDecoder {
  #utf8;
  #rest = Buffer.alloc(0);

  constructor(encoding = "utf8") {
    this.encoding = requireEncoding(encoding);
    if (this.encoding === "utf8") this.#utf8 = new TextDecoder("utf-8", { ignoreBOM: true });
  }

  write(chunk) {
    if (typeof chunk === "string") return chunk;
    if (this.#utf8) return this.#utf8.decode(chunk, { stream: true });
    const unit = UNIT[this.encoding] ?? 1;
    const bytes = Buffer.concat([this.#rest, chunk]);
    let whole = bytes.length - (bytes.length % unit);
    const isHigh = unit === 2 && whole >= 2 && (bytes[whole - 1] & 0xfc) === 0xd8;
    if (isHigh) whole -= 2; // the other half of a surrogate pair follows
    this.#rest = bytes.subarray(whole);
    return bytes.toString(this.encoding, 0, whole);
  }

  end(chunk = undefined) {
    const text = chunk === undefined ? "" : this.write(chunk);
    if (this.#utf8) return text + this.#utf8.decode();
    const last = this.#rest.toString(this.encoding);
    this.#rest = Buffer.alloc(0);
    return text + last;
  }
}

export default { StringDecoder };
