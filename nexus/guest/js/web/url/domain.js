// Domain names to ASCII. The mapping of UTS 46 is built from the engine's Unicode functions:
// lower case and NFKC. Not checked: the rules for right-to-left labels, and each single
// exception of the standard's table.

const IGNORED_IN_DOMAINS =
  /[\u00ad\u034f\u180b-\u180d\u180f\u200b\u2060\u2064\ufe00-\ufe0f\ufeff\u{e0100}-\u{e01ef}]/gu;
const IDEOGRAPHIC_STOPS = /[\u3002\uff0e\uff61]/g;
const HIDDEN_STOPS = /[\u2024-\u2026\u2488-\u249b\u{1f100}]/u; // NFKC makes dots of them
const NEVER_IN_LABELS = /[\p{C}\p{Z}\ufffd\u2ff0-\u2fff]/u;

// A joiner may follow a virama; a non-joiner may stand between Arabic letters.
const SOUND_JOINERS = new RegExp(
  "(?<=[\u094d\u09cd\u0a4d\u0acd\u0b4d\u0bcd\u0c4d\u0ccd\u0d4d\u0dca\u1039\u17d2])[\u200c\u200d]|" +
  "(?<=\\p{Script=Arabic}\\p{M}*)\u200c(?=\\p{M}*\\p{Script=Arabic})", "gu",
);
const NOT_ASCII = /[^\x00-\x7f]/;

const mapDomain = (domain) =>
  domain
    .replace(IGNORED_IN_DOMAINS, "")
    .replace(IDEOGRAPHIC_STOPS, ".")
    .replaceAll("\u03a3", "\u03c3") // toLowerCase makes a final sigma of it
    .normalize("NFKC")
    .toLowerCase()
    .normalize("NFKC");

const isValidLabel = (label) =>
  !/^\p{M}/u.test(label) && !NEVER_IN_LABELS.test(label.replace(SOUND_JOINERS, ""));

const labelToAscii = (label) => {
  if (label.startsWith("xn--")) {
    const decoded = NOT_ASCII.test(label) ? undefined : punycodeDecode(label.slice(4));
    const sound = decoded && NOT_ASCII.test(decoded) && mapDomain(decoded) === decoded;
    return sound && !decoded.includes(".") && isValidLabel(decoded) ? label : undefined;
  }
  if (!NOT_ASCII.test(label)) return label;
  return isValidLabel(label) ? `xn--${punycodeEncode(label)}` : undefined;
};

// Returns undefined if the domain is invalid.
const domainToAscii = (domain) => {
  if (!NOT_ASCII.test(domain) && !/xn--/i.test(domain)) {
    return domain.toLowerCase();
  }
  if (HIDDEN_STOPS.test(domain)) return undefined;
  const labels = mapDomain(domain).split(".").map(labelToAscii);
  return labels.includes(undefined) ? undefined : labels.join(".");
};
