// TextEncoder: strings to UTF-8.

class TextEncoder {
  get encoding() {
    return "utf-8";
  }

  encode(input = "") {
    return utf8Encode(toText(input));
  }

  // As many whole characters as fit; `read` counts UTF-16 units, `written` bytes.
  encodeInto(source, destination) {
    need(arguments, 2, "TextEncoder.encodeInto");
    if (!(destination instanceof Uint8Array)) {
      throw new TypeError(`encodeInto writes to a Uint8Array, but got ${describe(destination)}`);
    }
    const text = toUSV(source);
    const room = destination.length;
    let bytes = utf8Encode(text.slice(0, room));
    let written = Math.min(bytes.length, room);
    while (written > 0 && written < bytes.length && (bytes[written] & 0xc0) === 0x80) {
      written -= 1; // not inside a character
    }
    bytes = bytes.subarray(0, written);
    // A character that the slice of the text cut in two came out as U+FFFD.
    const whole = utf8DecodeKeepingBom(bytes);
    if (!text.startsWith(whole)) {
      bytes = bytes.subarray(0, -3);
    }
    destination.set(bytes);
    return { read: utf8DecodeKeepingBom(bytes).length, written: bytes.length };
  }
}

expose(TextEncoder);
