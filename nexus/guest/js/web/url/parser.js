// The URL parser. The standard walks a state machine over the input; this takes the same
// decisions on whole pieces: fragment, query, scheme, then the rest.

const stripInput = (text) => text.replace(/^[\0-\x20]+|[\0-\x20]+$/g, "");
const stripTabs = (text) => (/[\t\n\r]/.test(text) ? text.replace(/[\t\n\r]+/g, "") : text);

const cutAt = (text, mark) => {
  const at = text.indexOf(mark);
  return at < 0 ? [text, null] : [text.slice(0, at), text.slice(at + 1)];
};

const setQuery = (url, text) => {
  url.query = percentEncode(text, isSpecial(url) ? SPECIAL_QUERY_SET : QUERY_SET);
};

const setFragment = (url, text) => {
  url.fragment = percentEncode(text, FRAGMENT_SET);
};

const takeAuthority = (url, from) =>
  Object.assign(url, {
    username: from.username, password: from.password, host: from.host, port: from.port,
  });

// A path, or a host and a path, below what `base` gives.
const parseRelative = (url, text, base) => {
  url.scheme = base.scheme;
  const slash = isSpecial(url) ? /^[/\\]/ : /^\//;
  if (slash.test(text) && slash.test(text.slice(1))) {
    return setAuthority(url, isSpecial(url) ? text.replace(/^[/\\]+/, "") : text.slice(2));
  }
  takeAuthority(url, base);
  if (slash.test(text)) {
    addPath(url, text.slice(1));
    return true;
  }
  url.path = [...base.path];
  if (text === "") {
    url.query ??= base.query;
  } else {
    shortenPath(url);
    addPath(url, text);
  }
  return true;
};

const parseFileHost = (url, text) => {
  const end = text.search(/[/\\]|$/);
  const host = text.slice(0, end);
  if (DRIVE_LETTER.test(host)) {
    addPath(url, text); // "file://c:/x": a drive, not a host
    return true;
  }
  if (!setFileHost(url, host)) return false;
  startPath(url, text.slice(end));
  return true;
};

const parseFile = (url, text, base) => {
  Object.assign(url, { scheme: "file:", host: "" });
  const fileBase = base?.scheme === "file:" ? base : undefined;
  if (/^[/\\]{2}/.test(text)) return parseFileHost(url, text.slice(2));
  if (/^[/\\]/.test(text)) {
    if (fileBase) {
      url.host = fileBase.host;
      const keepsDrive = !STARTS_WITH_DRIVE_LETTER.test(text.slice(1)) &&
        NORMAL_DRIVE_LETTER.test(fileBase.path[0] ?? "");
      if (keepsDrive) url.path.push(fileBase.path[0]);
    }
    addPath(url, text.slice(1));
    return true;
  }
  if (!fileBase) {
    addPath(url, text);
    return true;
  }
  if (STARTS_WITH_DRIVE_LETTER.test(text)) {
    url.host = fileBase.host;
    addPath(url, text);
    return true;
  }
  return parseRelative(url, text, fileBase);
};

const parseAfterScheme = (url, text, base, mark) => {
  if (url.scheme === "file:") return parseFile(url, text, base);
  if (isSpecial(url)) {
    const relative = base?.scheme === url.scheme && !/^\/\//.test(text);
    if (relative) return parseRelative(url, text, base);
    return setAuthority(url, text.replace(/^[/\\]+/, ""));
  }
  if (text.startsWith("//")) return setAuthority(url, text.slice(2));
  if (text.startsWith("/")) {
    addPath(url, text.slice(1));
    return true;
  }
  // A space right before "?" or "#" would be lost when the URL is read again.
  const opaque = mark && text.endsWith(" ") ? `${text.slice(0, -1)}%20` : text;
  url.path = percentEncode(opaque, C0_SET);
  return true;
};

const parseWithoutScheme = (url, text, base, query, fragment) => {
  if (!base) return false;
  if (hasOpaquePath(base)) {
    if (text !== "" || query !== null || fragment === null) return false;
    Object.assign(url, copyRecord(base), { fragment: url.fragment });
    return true;
  }
  return base.scheme === "file:" ? parseFile(url, text, base) : parseRelative(url, text, base);
};

// Most URLs are in their normal form already; parsing them by all rules takes ten times as long as to
// see that, and their parts with it. This leaves out ports that may be the scheme's default or too high,
// segments that may be `.` or `..`, and names that end in a number or hold a label in Punycode.
const BYTE = "(?:[1-9]?[0-9]|1[0-9][0-9]|2[0-4][0-9]|25[0-5])";
const NORMAL_URL = new RegExp(
  "^(https?:)//(?!.*xn--)" +
  `((?:[a-z0-9-]+\\.)*[a-z][a-z0-9-]*|(?:${BYTE}\\.){3}${BYTE})` +
  "(?::(?!80/|443/)([1-9][0-9]{0,3}|[1-5][0-9]{4}))?" +
  "((?:/(?:[\\w!$&'()*+,;=:@~-][\\w!$&'()*+,;=:@~.%-]*)?)+)" +
  "(?:\\?([\\w!$&()*+,;=:@~./?%-]*))?$",
);

let lastNormal, lastParts; // a URL in its normal form, and its parts: most are asked for twice

const normalParts = (text) => {
  if (text === lastNormal) return lastParts;
  const parts = NORMAL_URL.exec(text);
  if (parts !== null) {
    lastNormal = text;
    lastParts = parts;
  }
  return parts;
};

const isNormal = (text) => normalParts(text) !== null;

const recordOfParts = (parts) => ({
  scheme: parts[1], username: "", password: "", host: parts[2],
  port: parts[3] === undefined ? null : Number(parts[3]),
  path: parts[4].slice(1).split("/"), query: parts[5] ?? null, fragment: null,
});

// Many handlers begin with `new URL(request.url)`, whose text was written from such a record.
let lastWritten = { text: undefined, record: undefined };

const writeRecord = (record) => {
  const text = recordToText(record);
  lastWritten = { text, record: copyRecord(record) };
  return text;
};

// Returns the record of a URL, absolute or relative to `base`; undefined if it is invalid.
const parseURL = (input, base = undefined) => {
  if (base === undefined && input === lastWritten.text) return copyRecord(lastWritten.record);
  const parts = normalParts(input);
  if (parts !== null) return recordOfParts(parts);
  const [beforeFragment, fragment] = cutAt(stripTabs(stripInput(input)), "#");
  const [text, query] = cutAt(beforeFragment, "?");
  const url = newRecord();
  const scheme = /^[a-z][a-z0-9+.-]*:/i.exec(text)?.[0];
  url.scheme = scheme ? scheme.toLowerCase() : base?.scheme ?? "";
  if (query !== null) setQuery(url, query);
  if (fragment !== null) setFragment(url, fragment);
  const sound = scheme
    ? parseAfterScheme(url, text.slice(scheme.length), base, query !== null || fragment !== null)
    : parseWithoutScheme(url, text, base, query, fragment);
  return sound ? url : undefined;
};
