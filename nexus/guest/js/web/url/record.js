// A URL as in the standard: {scheme, username, password, host, port, path, query, fragment}.
// `path` is a list of segments, or a string where it is opaque (as in "mailto:a@b").

const SPECIAL_PORTS = {
  "ftp:": 21, "file:": null, "http:": 80, "https:": 443, "ws:": 80, "wss:": 443,
};

const isSpecial = (url) => Object.hasOwn(SPECIAL_PORTS, url.scheme);

const newRecord = () => ({
  scheme: "", username: "", password: "", host: null, port: null, path: [],
  query: null, fragment: null,
});

const copyRecord = (url) => ({ ...url, path: hasOpaquePath(url) ? url.path : [...url.path] });

const hasOpaquePath = (url) => typeof url.path === "string";

const hasCredentials = (url) => url.username !== "" || url.password !== "";

const hostAndPort = (url) => {
  if (url.host === null) return "";
  return url.port === null ? url.host : `${url.host}:${url.port}`;
};

const pathText = ({ path }) => {
  if (typeof path === "string") return path;
  let text = "";
  for (let i = 0; i < path.length; i += 1) text += "/" + path[i];
  return text;
};

const recordToText = (url, withFragment = true) => {
  let text = url.scheme;
  if (url.host !== null) {
    text += "//";
    if (hasCredentials(url)) {
      text += `${url.username}${url.password === "" ? "" : `:${url.password}`}@`;
    }
    text += hostAndPort(url);
  } else if (!hasOpaquePath(url) && url.path.length > 1 && url.path[0] === "") {
    text += "/."; // else the path would be read as a host
  }
  text += pathText(url);
  if (url.query !== null) text += `?${url.query}`;
  if (withFragment && url.fragment !== null) text += `#${url.fragment}`;
  return text;
};

const originOf = (url) => {
  if (url.scheme === "blob:") {
    const inner = parseURL(pathText(url));
    return inner && /^https?:$/.test(inner.scheme) ? originOf(inner) : "null";
  }
  const tuple = isSpecial(url) && url.scheme !== "file:";
  return tuple ? `${url.scheme}//${hostAndPort(url)}` : "null";
};
