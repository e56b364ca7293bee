// User, password, host and port of a URL. The functions return false for invalid text.

const colonOfPort = (text) => {
  const bracket = text.startsWith("[") ? Math.max(text.indexOf("]"), 0) : 0;
  return text.indexOf(":", bracket);
};

const setCredentials = (url, text) => {
  const colon = text.indexOf(":");
  url.username = percentEncode(colon < 0 ? text : text.slice(0, colon), USERINFO_SET);
  url.password = colon < 0 ? "" : percentEncode(text.slice(colon + 1), USERINFO_SET);
};

const setPort = (url, digits) => {
  if (!/^[0-9]*$/.test(digits)) return false;
  const port = digits === "" ? null : Number(digits);
  if (port > 65535) return false;
  url.port = port === SPECIAL_PORTS[url.scheme] ? null : port;
  return true;
};

const setHost = (url, text) => {
  if (text === "" && isSpecial(url)) return false;
  const host = parseHost(text, isSpecial(url));
  if (host === undefined) return false;
  url.host = host;
  return true;
};

const setHostAndPort = (url, text) => {
  const colon = colonOfPort(text);
  if (colon < 0) return setHost(url, text);
  return colon > 0 && setHost(url, text.slice(0, colon)) && setPort(url, text.slice(colon + 1));
};

// Parses the text after "//": the authority up to the next slash, then the path.
const setAuthority = (url, text) => {
  const end = text.search(isSpecial(url) ? /[/\\]|$/ : /\/|$/);
  const authority = text.slice(0, end);
  const at = authority.lastIndexOf("@");
  if (at >= 0) {
    if (at === authority.length - 1) return false;
    setCredentials(url, authority.slice(0, at));
  }
  if (!setHostAndPort(url, authority.slice(at + 1))) return false;
  startPath(url, text.slice(end));
  return true;
};

// The host of a file URL has no port and no user; "localhost" becomes an empty host.
const setFileHost = (url, text) => {
  if (text === "") {
    url.host = "";
    return true;
  }
  const host = parseHost(text, true);
  if (host === undefined) return false;
  url.host = host === "localhost" ? "" : host;
  return true;
};
