// A URLPattern's components in one string, such as "https://*.example.com/books/:id".

const BEFORE_HOST = ["protocol", "authority", "username", "password"];
const BEFORE_PATH = [...BEFORE_HOST, "hostname", "port"];

const splitPattern = (input, isSpecialProtocol) => {
  const tokens = tokenizePattern(input, true), found = {};
  let at = 0, start = 0, step = 1, state = "init", depth = 0, brackets = 0, special = false;
  const is = (i, value) => {
    const token = tokens[i];
    return token?.value === value && ["char", "escaped-char", "invalid-char"].includes(token.type);
  };
  const isSearch = () => is(at, "?") || (tokens[at].value === "?" && tokens[at].type === "other-modifier" &&
    !["name", "regexp", "close", "asterisk"].includes(tokens[at - 1]?.type));
  const textSoFar = () => input.slice(tokens[start].index, tokens[at].index);
  const rewind = (next) => {
    at = start;
    step = 0;
    if (next) state = next;
  };
  const change = (next, skip) => {
    if (!["init", "authority", "done"].includes(state)) found[state] = textSoFar();
    if (state !== "init" && next !== "done") {
      if (BEFORE_HOST.includes(state) && ["port", "pathname", "search", "hash"].includes(next)) {
        found.hostname ??= "";
      }
      if (BEFORE_PATH.includes(state) && ["search", "hash"].includes(next)) {
        found.pathname ??= special ? "/" : "";
      }
      if ([...BEFORE_PATH, "pathname"].includes(state) && next === "hash") found.search ??= "";
    }
    state = next;
    at += skip;
    start = at;
    step = 0;
  };
  const afterPath = () => {
    if (isSearch()) change("search", 1);
    else if (is(at, "#")) change("hash", 1);
  };
  const states = {
    init: () => is(at, ":") && rewind("protocol"),
    protocol: () => {
      if (!is(at, ":")) return;
      special = isSpecialProtocol(textSoFar());
      const slashes = is(at + 1, "/") && is(at + 2, "/");
      change(slashes || special ? "authority" : "pathname", slashes ? 3 : 1);
    },
    authority: () => {
      if (is(at, "@")) rewind("username");
      else if (is(at, "/") || isSearch() || is(at, "#")) rewind("hostname");
    },
    username: () => (is(at, ":") ? change("password", 1) : is(at, "@") && change("hostname", 1)),
    password: () => is(at, "@") && change("hostname", 1),
    hostname: () => {
      if (is(at, "[")) brackets += 1;
      else if (is(at, "]")) brackets -= 1;
      else if (is(at, ":") && brackets === 0) change("port", 1);
      else if (is(at, "/")) change("pathname", 0);
      else afterPath();
    },
    port: () => (is(at, "/") ? change("pathname", 0) : afterPath()),
    pathname: afterPath,
    search: () => is(at, "#") && change("hash", 1),
    hash: () => {},
  };
  for (; at < tokens.length; at += step) {
    step = 1;
    const { type } = tokens[at];
    if (type === "end") {
      if (state === "init") {
        rewind();
        if (is(at, "#")) change("hash", 1);
        else if (isSearch()) change("search", 1);
        else change("pathname", 0);
        continue;
      }
      if (state === "authority") {
        rewind("hostname");
        continue;
      }
      change("done", 0);
      break;
    }
    if (type === "open") {
      depth += 1;
      continue;
    }
    if (depth > 0) {
      if (type !== "close") continue;
      depth -= 1;
    }
    states[state]();
  }
  if (found.hostname !== undefined) found.port ??= "";
  return found;
};
