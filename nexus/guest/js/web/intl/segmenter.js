// Intl.Segmenter for graphemes: what a reader sees as one character (UAX 29).

const EXTENDING = String.raw`[\p{M}\p{Emoji_Modifier}\u200c\u200d\uff9e\uff9f\u{e0020}-\u{e007f}]`;
const HANGUL = String.raw`[\u1100-\u115f\ua960-\ua97c]*` +
  String.raw`(?:[\uac00-\ud7a3]|[\u1160-\u11a7\ud7b0-\ud7c6])[\u1160-\u11ff\ud7b0-\ud7fb]*`;
const PREPENDED = String.raw`[\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\u{110bd}\u{110cd}]*`;
const PICTURES = String.raw`\p{Extended_Pictographic}(?:${EXTENDING}*\u200d\p{Extended_Pictographic})*`;
const GRAPHEME = new RegExp(
  String.raw`\r\n|[\p{Zl}\p{Zp}\p{Cc}]|${PREPENDED}(?:\p{RI}\p{RI}|${PICTURES}|${HANGUL}|[^\p{Cc}\p{Zl}\p{Zp}])${EXTENDING}*|[^]`,
  "gu",
);

const segmentsFrom = function* (input) {
  for (const { 0: segment, index } of input.matchAll(GRAPHEME)) yield { segment, index, input };
};

class Segments {
  #input;

  constructor(input) {
    this.#input = input;
  }

  [Symbol.iterator]() {
    return segmentsFrom(this.#input);
  }

  containing(index = 0) {
    const at = Math.trunc(+index) || 0;
    if (at < 0 || at >= this.#input.length) return undefined;
    let found;
    for (const one of this) {
      if (one.index > at) break;
      found = one;
    }
    return found;
  }
}

class Segmenter {
  #found;

  constructor(locales = undefined, options = undefined) {
    const { granularity = "grapheme" } = readOptions(options, textOptions("granularity"));
    if (granularity !== "grapheme") {
      throw new RangeError(`granularity is ${describe(granularity)}; allowed: "grapheme"`);
    }
    const { locale } = askNew({ kind: "tag", tags: toTags(locales), options: {} });
    this.#found = { locale, granularity };
  }

  segment(input) {
    return new Segments(`${input}`);
  }

  resolvedOptions() {
    return { ...this.#found };
  }
}
