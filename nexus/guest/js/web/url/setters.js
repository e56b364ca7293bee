// The work of URL's setters, on a copy of the record; the caller drops the copy if they return
// false. Tabs and newlines have been removed from the text.

const cannotHavePort = (url) => !url.host || url.scheme === "file:";

const setProtocol = (url, text) => {
  const scheme = /^[a-z][a-z0-9+.-]*(?=:|$)/i.exec(text)?.[0];
  if (!scheme) return false;
  const next = `${scheme.toLowerCase()}:`;
  if (isSpecial(url) !== Object.hasOwn(SPECIAL_PORTS, next)) return false;
  if (next === "file:" && (hasCredentials(url) || url.port !== null)) return false;
  if (url.scheme === "file:" && !url.host) return false;
  url.scheme = next;
  if (url.port === SPECIAL_PORTS[next]) url.port = null;
  return true;
};

const setUsername = (url, text) => {
  if (cannotHavePort(url)) return false;
  url.username = percentEncode(text, USERINFO_SET);
  return true;
};

const setPassword = (url, text) => {
  if (cannotHavePort(url)) return false;
  url.password = percentEncode(text, USERINFO_SET);
  return true;
};

// The part that is a host: up to the path, the query or the fragment.
const hostPart = (url, text) =>
  text.slice(0, text.search(isSpecial(url) ? /[/\\?#]|$/ : /[/?#]|$/));

const mayHaveHost = (url, host) =>
  host !== "" || (!isSpecial(url) && !hasCredentials(url) && url.port === null);

const changeHost = (url, text) => {
  if (hasOpaquePath(url)) return false;
  const part = hostPart(url, text);
  if (url.scheme === "file:") return setFileHost(url, part);
  const colon = colonOfPort(part);
  const host = colon < 0 ? part : part.slice(0, colon);
  if (colon === 0 || !mayHaveHost(url, host) || !setHost(url, host)) return false;
  if (colon > 0) changePort(url, part.slice(colon + 1), false); // a wrong port changes no port
  return true;
};

const changeHostname = (url, text) => {
  if (hasOpaquePath(url)) return false;
  const part = hostPart(url, text);
  if (url.scheme === "file:") return setFileHost(url, part);
  if (colonOfPort(part) >= 0 || !mayHaveHost(url, part)) return false;
  return setHost(url, part);
};

const changePort = (url, text, mayClear = true) => {
  if (cannotHavePort(url)) return false;
  const digits = /^[0-9]*/.exec(text)[0];
  if (digits === "" && (text !== "" || !mayClear)) return false;
  return setPort(url, digits);
};

const changePath = (url, text) => {
  if (hasOpaquePath(url)) return false;
  url.path = [];
  if (text === "" && !isSpecial(url) && url.host === null) {
    url.path.push("");
  } else {
    startPath(url, text);
  }
  return true;
};

const changeSearch = (url, text) => {
  url.query = null;
  if (text !== "") setQuery(url, text.replace(/^\?/, ""));
};

const changeHash = (url, text) => {
  url.fragment = null;
  if (text !== "") setFragment(url, text.replace(/^#/, ""));
};
