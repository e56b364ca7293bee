// node:url.

import querystring from "node:querystring";

export const { URL, URLSearchParams } = globalThis;

const PATTERN = /^([a-z][a-z0-9+.-]*:)?(\/\/)?(?:([^/?#@]*)@)?([^/?#]*)?([^?#]*)(\?[^#]*)?(#.*)?$/i;

// The legacy parser, for the URLs that people give it; use `new URL`.
export const parse = (text, asQuery = false, slashesDenoteHost = false) => {
  const whole = String(text).trim();
  const hasHost = /^[a-z][a-z0-9+.-]*:\/\//i.test(whole) || (slashesDenoteHost && whole.startsWith("//"));
  const found = hasHost ? PATTERN.exec(whole) : /^([a-z][a-z0-9+.-]*:)?()()()([^?#]*)(\?[^#]*)?(#.*)?$/i.exec(whole);
  const [, protocol, slashes, auth, host, path, search, hash] = found ?? [];
  const [, name, port] = /^(.*?)(?::(\d*))?$/.exec(host ?? "") ?? [];
  const pathname = path || (hasHost ? "/" : null);
  return {
    protocol: protocol?.toLowerCase() ?? null, slashes: slashes ? true : null,
    auth: auth ? decodeURIComponent(auth) : null, host: host?.toLowerCase() || null, port: port || null,
    hostname: name?.toLowerCase() || null, hash: hash ?? null, search: search ?? (asQuery ? "" : null),
    query: asQuery ? querystring.parse(search?.slice(1) ?? "") : search?.slice(1) ?? null,
    pathname, path: pathname || search ? `${pathname ?? ""}${search ?? ""}` : null,
    href: `${protocol?.toLowerCase() ?? ""}${slashes ? "//" : ""}${auth ? `${auth}@` : ""}` +
      `${host?.toLowerCase() ?? ""}${pathname ?? ""}${search ?? ""}${hash ?? ""}`,
  };
};

export const format = (url) => {
  if (typeof url === "string") return parse(url).href;
  if (url instanceof URL) return url.href;
  const { protocol = "", auth, host, hostname = "", port, pathname = "", query, hash = "" } = url;
  const scheme = protocol && !protocol.endsWith(":") ? `${protocol}:` : protocol ?? "";
  const place = host ?? (hostname ? `${hostname}${port ? `:${port}` : ""}` : "");
  const slashes = url.slashes || /^(https?|ftp|file|wss?):$/.test(scheme) ? "//" : "";
  const asked = query && typeof query === "object" ? querystring.stringify(query) : "";
  const search = url.search ?? (asked ? `?${asked}` : "");
  const path = pathname && place && !pathname.startsWith("/") ? `/${pathname}` : pathname ?? "";
  return `${scheme}${place || slashes ? slashes : ""}${auth ? `${auth}@` : ""}${place}${path}` +
    `${search && !search.startsWith("?") ? "?" : ""}${search}${hash && !hash.startsWith("#") ? "#" : ""}${hash ?? ""}`;
};

export const resolve = (from, to) => {
  const base = new URL(from, "resolve://");
  const found = new URL(to, base);
  return found.protocol === "resolve:" ? `${found.pathname}${found.search}${found.hash}` : found.href;
};

export const fileURLToPath = (url) => {
  const found = new URL(url);
  if (found.protocol !== "file:") throw new TypeError("The URL must be of scheme file");
  return decodeURIComponent(found.pathname);
};
export const pathToFileURL = (path) => new URL(`file://${encodeURI(path).replace(/[?#]/g, encodeURIComponent)}`);
export const domainToASCII = (domain) => {
  try {
    return new URL(`http://${domain}`).hostname;
  } catch {
    return "";
  }
};
export const urlToHttpOptions = (url) => ({
  protocol: url.protocol, hostname: url.hostname, hash: url.hash, search: url.search,
  pathname: url.pathname, path: `${url.pathname}${url.search}`, href: url.href,
  ...(url.port && { port: Number(url.port) }),
});

export default {
  URL, URLSearchParams, parse, format, resolve, fileURLToPath, pathToFileURL, domainToASCII,
  urlToHttpOptions,
};
