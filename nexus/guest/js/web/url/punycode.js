// Punycode (RFC 3492): one label of a domain name as ASCII, and back.

const PUNYCODE = { base: 36, least: 1, most: 26, skew: 38, damp: 700, bias: 72, first: 0x80 };

const adaptBias = (delta, count, isFirst) => {
  let rest = Math.floor(isFirst ? delta / PUNYCODE.damp : delta / 2);
  rest += Math.floor(rest / count);
  let steps = 0;
  const span = PUNYCODE.base - PUNYCODE.least;
  while (rest > (span * PUNYCODE.most) >> 1) {
    rest = Math.floor(rest / span);
    steps += PUNYCODE.base;
  }
  return steps + Math.floor(((span + 1) * rest) / (rest + PUNYCODE.skew));
};

const threshold = (position, bias) =>
  Math.min(Math.max(position - bias, PUNYCODE.least), PUNYCODE.most);

const digitToText = (digit) => "abcdefghijklmnopqrstuvwxyz0123456789"[digit];

const encodeDelta = (delta, bias) => {
  let text = "";
  let rest = delta;
  for (let position = PUNYCODE.base; ; position += PUNYCODE.base) {
    const limit = threshold(position, bias);
    if (rest < limit) {
      return text + digitToText(rest);
    }
    text += digitToText(limit + ((rest - limit) % (PUNYCODE.base - limit)));
    rest = Math.floor((rest - limit) / (PUNYCODE.base - limit));
  }
};

const punycodeEncode = (label) => {
  const points = Array.from(label, (c) => c.codePointAt(0));
  const basic = points.filter((point) => point < 0x80);
  let text = String.fromCharCode(...basic) + (basic.length > 0 ? "-" : "");
  let { bias, first: current } = PUNYCODE;
  let delta = 0;
  let done = basic.length;
  while (done < points.length) {
    const next = Math.min(...points.filter((point) => point >= current));
    delta += (next - current) * (done + 1);
    current = next;
    for (const point of points) {
      if (point < current) delta += 1;
      if (point === current) {
        text += encodeDelta(delta, bias);
        bias = adaptBias(delta, done + 1, done === basic.length);
        delta = 0;
        done += 1;
      }
    }
    delta += 1;
    current += 1;
  }
  return text;
};

// Returns undefined if the text is not valid Punycode.
const punycodeDecode = (text) => {
  const split = text.lastIndexOf("-");
  const points = Array.from(text.slice(0, Math.max(split, 0)), (c) => c.charCodeAt(0));
  let { bias, first: current } = PUNYCODE;
  let index = 0;
  for (let at = split + 1; at < text.length;) {
    const before = index;
    let weight = 1;
    for (let position = PUNYCODE.base; ; position += PUNYCODE.base) {
      const digit = at < text.length ? parseInt(text[at], 36) : NaN;
      // parseInt counts 0-9 before a-z; punycode the other way round.
      const value = digit >= 10 ? digit - 10 : digit + 26;
      at += 1;
      if (Number.isNaN(digit) || value * weight > 0x7fffffff) return undefined;
      index += value * weight;
      const limit = threshold(position, bias);
      if (value < limit) break;
      weight *= PUNYCODE.base - limit;
    }
    const count = points.length + 1;
    bias = adaptBias(index - before, count, before === 0);
    current += Math.floor(index / count);
    index %= count;
    if (current > 0x10ffff || points.some((point) => point > 0x10ffff)) return undefined;
    points.splice(index, 0, current);
    index += 1;
  }
  return String.fromCodePoint(...points);
};
