// node:querystring.

const unescaped = /[^A-Za-z0-9\-_.!~*'()]/g;

export const escape = (value) => {
  const text = typeof value === "object" ? String(value) : `${value}`;
  return text.replace(unescaped, (one) => (one >= "\ud800" && one <= "\udfff" ? one : encodeURIComponent(one)))
    .replace(/[\ud800-\udbff][\udc00-\udfff]/g, encodeURIComponent);
};

export const unescape = (text) => {
  try {
    return decodeURIComponent(text);
  } catch {
    const bytes = text.replace(/%([0-9a-f]{2})/gi, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
    return new TextDecoder().decode(Uint8Array.from(bytes, (one) => one.charCodeAt(0)));
  }
};

const shown = (value) => {
  if (typeof value === "string") return value;
  if (typeof value === "number") return Number.isFinite(value) ? `${value}` : "";
  return typeof value === "bigint" || typeof value === "boolean" ? `${value}` : "";
};

export const stringify = (object, separator = "&", equals = "=", { encodeURIComponent: code = escape } = {}) => {
  if (object === null || typeof object !== "object") return "";
  return Object.entries(object).flatMap(([key, value]) => {
    const values = Array.isArray(value) ? value : [value];
    return values.map((one) => `${code(shown(key))}${equals}${code(shown(one))}`);
  }).join(separator);
};

export const parse = (query, separator = "&", equals = "=", options = {}) => {
  const { maxKeys = 1000, decodeURIComponent: code = unescape } = options ?? {};
  const found = { __proto__: null };
  if (typeof query !== "string" || query === "") return found;
  const pieces = query.split(separator || "&");
  for (const piece of maxKeys > 0 ? pieces.slice(0, maxKeys) : pieces) {
    if (piece === "") continue;
    const at = piece.indexOf(equals || "=");
    const decoded = (text) => code(text.replace(/\+/g, " "));
    const key = decoded(at < 0 ? piece : piece.slice(0, at));
    const value = at < 0 ? "" : decoded(piece.slice(at + (equals || "=").length));
    if (!(key in found)) found[key] = value;
    else if (Array.isArray(found[key])) found[key].push(value);
    else found[key] = [found[key], value];
  }
  return found;
};

export const encode = stringify, decode = parse;
export default { escape, unescape, stringify, parse, encode, decode };
