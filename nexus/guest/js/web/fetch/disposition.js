// The Content-Disposition of a part of multipart/form-data (RFC 7578 section 4.2), read from left
// to right; quoted text is always a value, whatever it looks like.
//
// Browsers, and FormData here, write a quote as %22 and a backslash as itself (HTML standard,
// "multipart/form-data encoding algorithm"). Other clients escape both with a backslash (RFC 9110
// section 5.6.4). A text that is whole when read the first way is read so, any other the second.

const parameterPattern = (quoted) =>
  new RegExp(
    `;[ \\t]*(?:([^\\s;="]+)[ \\t]*=[ \\t]*(?:"(${quoted})"[ \\t]*|([^;"]*)))?(?=;|$)`, "ys",
  );

const LITERAL_QUOTED = parameterPattern('[^"]*');
const ESCAPED_QUOTED = parameterPattern('(?:[^"\\\\]|\\\\.)*');

// Returns names with their values, in bytes; undefined if the text is not a parameter list.
const readParameters = (text, pattern, unescape) => {
  const parameters = new Map();
  for (let at = 0; at < text.length; at = pattern.lastIndex) {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    const name = found?.[1]?.toLowerCase();
    if (!found || parameters.has(name)) return undefined;
    if (name !== undefined) parameters.set(name, unescape(found[2]) ?? found[3].trim());
  }
  return parameters;
};

const decodeName = (latin1) => utf8DecodeKeepingBom(latin1ToBytes(latin1));

const plainValue = (latin1) =>
  decodeName(latin1).replace(/%0A/gi, "\n").replace(/%0D/gi, "\r").replace(/%22/g, '"');

// Returns the value of filename* (RFC 8187); undefined if it is invalid, so that callers skip it.
const extendedValue = (latin1) => {
  const found = /^(utf-8|iso-8859-1)'[^']*'((?:[\w!#$&+.^`|~-]|%[0-9a-f]{2})*)$/i.exec(latin1);
  if (!found) return undefined;
  const bytes = percentDecode(found[2]);
  return found[1].toLowerCase() === "utf-8" ? utf8DecodeKeepingBom(bytes) : bytesToLatin1(bytes);
};

// {name, filename}, each undefined where it is not there; undefined for any other disposition.
const parseDisposition = (latin1) => {
  const [, rest] = /^form-data[ \t]*(;.*)?$/is.exec(latin1) ?? [undefined, undefined];
  if (rest === undefined) return undefined;
  const parameters = readParameters(rest, LITERAL_QUOTED, (value) => value) ??
    readParameters(rest, ESCAPED_QUOTED, (value) => value?.replace(/\\(.)/gs, "$1"));
  if (!parameters) return undefined;
  const [name, filename, extended] =
    ["name", "filename", "filename*"].map((key) => parameters.get(key));
  const valueOf = (value) => (value === undefined ? undefined : plainValue(value));
  return { name: valueOf(name), filename: extendedValue(extended ?? "") ?? valueOf(filename) };
};
