// The path of a URL: dot segments, and the drive letters of file URLs.

const DRIVE_LETTER = /^[a-z][:|]$/i;
const NORMAL_DRIVE_LETTER = /^[a-z]:$/i;
const STARTS_WITH_DRIVE_LETTER = /^[a-z][:|]([/\\]|$)/i;
const ONE_DOT = /^(\.|%2e)$/i;
const TWO_DOTS = /^(\.|%2e){2}$/i;

const shortenPath = (url) => {
  const { path } = url;
  if (url.scheme === "file:" && path.length === 1 && NORMAL_DRIVE_LETTER.test(path[0])) {
    return; // a drive stays
  }
  path.pop();
};

const addSegment = (url, segment, isLast) => {
  if (TWO_DOTS.test(segment)) {
    shortenPath(url);
    if (isLast) url.path.push("");
  } else if (ONE_DOT.test(segment)) {
    if (isLast) url.path.push("");
  } else if (url.scheme === "file:" && url.path.length === 0 && DRIVE_LETTER.test(segment)) {
    url.path.push(`${segment[0]}:`);
  } else {
    url.path.push(percentEncode(segment, PATH_SET));
  }
};

// `text` comes after the slash that begins the path.
const addPath = (url, text) => {
  const segments = text.split(isSpecial(url) ? /[/\\]/ : "/");
  segments.forEach((segment, i) => addSegment(url, segment, i === segments.length - 1));
};

// `text` comes right after the host: with its slash, or empty.
const startPath = (url, text) => {
  if (isSpecial(url)) {
    addPath(url, /^[/\\]/.test(text) ? text.slice(1) : text);
  } else if (text !== "") {
    addPath(url, text.startsWith("/") ? text.slice(1) : text);
  }
};
