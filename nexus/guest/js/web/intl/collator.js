// Collator and localeCompare: the order of CLDR's root collation for letters, digits and ASCII, and
// of the languages below. It needs no host: a sort compares too often to ask it.

const BEFORE_DIGITS = "_-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$";
const ROOT_LANGUAGES = "en de fr it nl pt ca id ms sw af zu ga gd lb fy el ru bg".split(" ");
const NORDIC = { "æ": "z1", "ä": "z1", "ø": "z2", "ö": "z2", "å": "z3", aa: "z3" };
// Letters with a place of their own: "n1" is the first one after n.
const TAILORED = {
  __proto__: null,
  es: { "ñ": "n1" },
  sv: { "å": "z1", "ä": "z2", "ö": "z3" },
  fi: { "å": "z1", "ä": "z2", "ö": "z3" },
  da: NORDIC, nb: NORDIC, nn: NORDIC, no: NORDIC,
  pl: { "ą": "a1", "ć": "c1", "ę": "e1", "ł": "l1", "ń": "n1", "ó": "o1", "ś": "s1", "ź": "z1", "ż": "z2" },
  cs: { "č": "c1", ch: "h1", "ř": "r1", "š": "s1", "ž": "z1" },
  sk: { "ä": "a1", "č": "c1", ch: "h1", "ô": "o1", "š": "s1", "ž": "z1" },
  sl: { "č": "c1", "ć": "c2", "đ": "d1", "š": "s1", "ž": "z1" },
  ro: { "ă": "a1", "â": "a2", "î": "i1", "ș": "s1", "ş": "s1", "ț": "t1", "ţ": "t1" },
  tr: { "ç": "c1", "ğ": "g1", "ı": "h1", "ö": "o1", "ş": "s1", "ü": "u1" },
};
// Letters that the root collation sorts like other letters with an accent.
const LIKE = { __proto__: null, "ß": "ss\u0336", "æ": "ae\u0336", "œ": "oe\u0336", "ø": "o\u0338", "đ": "d\u0335", "ł": "l\u0335", "ħ": "h\u0335", "ı": "i\u0335" };
const ACCENTS =
  "\u0301\u0300\u0306\u0302\u030c\u030a\u0308\u030b\u0303\u0307\u0336\u0338\u0335\u0327\u0328\u0304";
const OWN = /[йЙ]/; // their accents make them letters of their own
const SCRIPTS = [/\p{Script=Latin}/u, /\p{Script=Greek}/u, /\p{Script=Cyrillic}/u];
const SPACE = 1, ASCII = 2, SYMBOL = 3, DIGIT = 4, LETTER = 5, LEVEL = 2 ** 21;
const TAG_SHAPE = /^[a-z]{2,8}(?:-[a-z0-9]{1,8})*$/i;

const toLocaleList = (locales) => {
  const tags = locales === undefined ? [] : [locales].flat().map(toText);
  const wrong = tags.find((one) => !TAG_SHAPE.test(one));
  if (wrong === undefined) return tags;
  throw new RangeError(`incorrect locale information provided: ${describe(wrong)} is not a language tag`);
};

const localeOfCollator = (locales) => {
  const [first = "en-US"] = toLocaleList(locales);
  const [name, extension = ""] = first.split(/-u-/i);
  const language = name.split("-")[0].toLowerCase();
  if (!ROOT_LANGUAGES.includes(language) && !TAILORED[language] || /^fr-CA$/i.test(name)) {
    const known = [...ROOT_LANGUAGES, ...Object.keys(TAILORED)].join(", ");
    throw new RangeError(`Texts cannot be sorted in the locale ${name}; allowed: ${known}`);
  }
  const keywords = {};
  for (const [, key, value] of extension.matchAll(/(?:^|-)(kn|kf|co)(?:-([a-z]{3,8}))?/gi)) {
    keywords[key.toLowerCase()] = value ?? "true";
  }
  if (keywords.co !== undefined && keywords.co !== "standard") {
    throw new RangeError(`The locale's collation is ${describe(keywords.co)}; allowed: standard`);
  }
  return { name, language, keywords };
};

const primaryOf = (letter, wide) => {
  const code = letter.codePointAt(0);
  if (/\s/u.test(letter)) return SPACE * LEVEL * 8;
  const at = BEFORE_DIGITS.indexOf(letter);
  if (at >= 0) return ASCII * LEVEL * 8 + at;
  if (/\p{Nd}/u.test(letter)) return DIGIT * LEVEL * 8 + (wide ? 0 : code - 0x30);
  if (!/\p{L}/u.test(letter)) return SYMBOL * LEVEL * 8 + code;
  const script = SCRIPTS.findIndex((one) => one.test(letter));
  return LETTER * LEVEL * 8 + (script < 0 ? SCRIPTS.length : script) * LEVEL + code;
};

const accentOf = (mark) => {
  const at = ACCENTS.indexOf(mark);
  return at < 0 ? 100 + mark.codePointAt(0) % 900 : at + 1;
};

// The weights of a text: of letters, of their accents, of their case.
const weigh = (text, { tailored, pattern, numeric, ignorePunctuation }) => {
  const letters = [], accents = [], cases = [];
  const add = (primary, isUpper, accent = 0) => {
    letters.push(primary);
    accents.push(accent);
    cases.push(isUpper ? 1 : 0);
  };
  const addPlain = (piece) => {
    const expanded = Array.from(piece, (letter) => {
      const like = LIKE[letter.toLowerCase()];
      return like === undefined ? letter : letter === letter.toLowerCase() ? like : like.toUpperCase();
    }).join("");
    const decomposed = Array.from(expanded, (one) => (OWN.test(one) ? one : one.normalize("NFD"))).join("");
    for (const letter of decomposed) {
      if (/\p{M}/u.test(letter)) {
        if (accents.length > 0) accents.push(accents.pop() * 1000 + accentOf(letter));
        continue;
      }
      if (ignorePunctuation && /[\s\p{P}]/u.test(letter)) continue;
      const lower = letter.toLowerCase();
      add(primaryOf(lower), letter !== lower);
    }
  };
  const source = text.normalize("NFC");
  let start = 0;
  for (const found of pattern === undefined ? [] : source.matchAll(pattern)) {
    addPlain(source.slice(start, found.index));
    start = found.index + found[0].length;
    if (numeric && /^\d/.test(found[0])) {
      const digits = found[0].replace(/^0+(?=\d)/, "");
      add(primaryOf("0") + 10 + digits.length, false);
      for (const digit of digits) add(primaryOf(digit), false);
      continue;
    }
    const lower = found[0].toLowerCase();
    const [after, count] = tailored[lower];
    add(primaryOf(after) + count / 10, found[0] !== lower);
  }
  addPlain(source.slice(start));
  return { letters, accents, cases };
};

const compareWeights = (a, b) => {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i += 1) {
    if (a[i] !== b[i]) return a[i] < b[i] ? -1 : 1;
  }
  return Math.sign(a.length - b.length);
};

const allowedOf = (options, name, allowed, usual) => {
  const value = options?.[name];
  if (value === undefined) return usual;
  if (!allowed.includes(`${value}`)) {
    throw new RangeError(`${name} is ${describe(value)}; allowed: ${allowed.join(", ")}`);
  }
  return `${value}`;
};

const PLAIN_TEXT = /^[a-z0-9 ]*$/;

class Collator {
  #found;
  #rules;
  #compare;

  constructor(locales = undefined, options = undefined) {
    if (options === null) throw new TypeError("The options must not be null");
    const { name, language, keywords } = localeOfCollator(locales);
    const numeric = options?.numeric === undefined ? keywords.kn === "true" : Boolean(options.numeric);
    this.#found = {
      locale: name,
      usage: allowedOf(options, "usage", ["sort", "search"], "sort"),
      sensitivity: allowedOf(options, "sensitivity", ["base", "accent", "case", "variant"], "variant"),
      ignorePunctuation: Boolean(options?.ignorePunctuation),
      collation: allowedOf(options, "collation", ["default"], "default"),
      numeric,
      caseFirst: allowedOf(options, "caseFirst", ["upper", "lower", "false"], keywords.kf ?? "false"),
    };
    const tailored = TAILORED[language] ?? {};
    const patterns = Object.keys(tailored).sort((a, b) => b.length - a.length);
    if (numeric) patterns.push("\\d+");
    const pattern = patterns.length > 0 ? new RegExp(patterns.join("|"), "giu") : undefined;
    this.#rules = { tailored, pattern, numeric, ignorePunctuation: this.#found.ignorePunctuation };
  }

  get compare() {
    return (this.#compare ??= (a, b) => this.#compareTexts(`${a}`, `${b}`));
  }

  #compareTexts(a, b) {
    if (a === b) return 0;
    const { sensitivity, caseFirst } = this.#found;
    const one = weigh(a, this.#rules), other = weigh(b, this.#rules);
    const order = compareWeights(one.letters, other.letters);
    if (order !== 0 || sensitivity === "base") return order;
    if (sensitivity !== "case") {
      const byAccent = compareWeights(one.accents, other.accents);
      if (byAccent !== 0 || sensitivity === "accent") return byAccent;
    }
    const byCase = compareWeights(one.cases, other.cases);
    return caseFirst === "upper" ? -byCase || 0 : byCase;
  }

  resolvedOptions() {
    return { ...this.#found };
  }

  static supportedLocalesOf(locales) {
    return toLocaleList(locales).filter((one) => {
      try {
        return localeOfCollator(one) !== undefined;
      } catch {
        return false;
      }
    });
  }
}

let usualCollator;

const compareTexts = (a, b, locales, options) => {
  if (locales !== undefined || options !== undefined) return new Collator(locales, options).compare(a, b);
  if (PLAIN_TEXT.test(a) && PLAIN_TEXT.test(b)) return a < b ? -1 : a > b ? 1 : 0;
  return (usualCollator ??= new Collator()).compare(a, b);
};
