// URLPattern: URLs that match a pattern, and what its groups found.

const COMPONENTS = ["protocol", "username", "password", "hostname", "port", "pathname", "search", "hash"];
const PLAIN = { delimiter: "", prefix: "" };
const HOST_PARTS = { delimiter: ".", prefix: "" }, PATH_PARTS = { delimiter: "/", prefix: "/" };
const SPECIAL_SCHEMES = Object.keys(SPECIAL_PORTS).map((scheme) => scheme.slice(0, -1));

const isUsualPort = (port, protocol) => port !== "" && port === `${SPECIAL_PORTS[`${protocol}:`] ?? ""}`;

// A component's value after a URL's setter took it; a value that it refuses is a TypeError.
const throughURL = (name, value, base = "https://dummy.test/") => {
  const url = new URL(base);
  url[name] = value;
  return url[name];
};

const refuse = (name, value) => {
  throw new TypeError(`${describe(value)} cannot be the ${name} of a URL`);
};

const CANONICAL = {
  protocol: (value) => {
    try {
      return new URL(`${value}://dummy.test`).protocol.slice(0, -1);
    } catch {
      return refuse("protocol", value);
    }
  },
  username: (value) => throughURL("username", value),
  password: (value) => throughURL("password", value),
  hostname: (value) => {
    const found = /[/\\?#@\t\n\r]|:(?![^[]*\])|^[^[]*\]/.test(value) ? "" : throughURL("hostname", value, "https://-/");
    return found === "-" && value !== "-" || found === "" ? refuse("hostname", value) : found;
  },
  port: (value, protocol) => {
    if (!/^[0-9]{1,5}$/.test(value) || +value > 65535) return refuse("port", value);
    const port = `${+value}`;
    return isUsualPort(port, protocol) ? "" : port;
  },
  pathname: (value) => {
    const text = value.startsWith("/") ? value : `/-${value}`;
    const found = throughURL("pathname", text);
    return value.startsWith("/") ? found : found.slice(2);
  },
  search: (value) => throughURL("search", value).replace(/^\?/, ""),
  hash: (value) => throughURL("hash", value).replace(/^#/, ""),
};
const opaquePath = (value) => new URL(`data:${value}`).pathname;
// A piece of a hostname whose pattern begins with a bracket: some of an address's characters.
const addressPiece = (value) =>
  (/^[0-9a-f:.[\]]*$/i.test(value) ? value.toLowerCase() : refuse("hostname", value));
const encoderOf = (name) => (value) => (value === "" ? "" : CANONICAL[name](value));

// The flag v is the standard's, but QuickJS 0.17 then refuses "-" outside of classes, too.
const expressionFrom = (name, pattern, text, flags) => {
  try {
    return new RegExp(text, `u${flags}`);
  } catch {
    try {
      return new RegExp(text, `v${flags}`);
    } catch (error) {
      throw new TypeError(`The ${name} ${describe(pattern)} is not a valid pattern: ${error.message}`);
    }
  }
};

const compileComponent = (name, pattern, options, encode, flags = "") => {
  const parts = parsePattern(pattern, options, encode);
  const expression = expressionFrom(name, pattern, expressionOf(parts, options), flags);
  const names = parts.filter(({ type }) => type !== "fixed").map((one) => one.name);
  return {
    text: patternText(parts, options), expression, names,
    hasGroups: parts.some(({ type }) => type === "regexp"),
  };
};

const matchesSpecial = ({ expression }) => SPECIAL_SCHEMES.some((scheme) => expression.test(scheme));
const isSpecialPattern = (pattern) =>
  matchesSpecial(compileComponent("protocol", pattern, PLAIN, encoderOf("protocol")));

const withoutMarks = (name, value) => {
  if (name === "protocol") return value.replace(/:$/, "");
  if (name === "search") return value.replace(/^\?/, "");
  return name === "hash" ? value.replace(/^#/, "") : value;
};

const readInit = (init) => {
  const found = {};
  for (const name of [...COMPONENTS, "baseURL"]) {
    const value = init[name];
    if (value !== undefined) found[name] = toUSV(value);
  }
  return found;
};

// The components of an init, with those that its base gives. Of a pattern, the base's are escaped.
const withBase = (init, isPattern) => {
  const found = {}, given = (...names) => names.some((name) => init[name] !== undefined);
  for (const name of COMPONENTS) {
    if (init[name] !== undefined) found[name] = withoutMarks(name, init[name]);
  }
  if (init.baseURL === undefined) return found;
  const base = URL.parse(init.baseURL) ?? refuse("base", init.baseURL);
  const inherit = (name) => {
    const text = withoutMarks(name, base[name]);
    found[name] = isPattern ? escapePattern(text) : text;
  };
  if (!given("protocol")) inherit("protocol");
  if (!isPattern && !given("protocol", "hostname", "port", "username")) inherit("username");
  if (!isPattern && !given("protocol", "hostname", "port", "username", "password")) inherit("password");
  if (!given("protocol", "hostname")) inherit("hostname");
  if (!given("protocol", "hostname", "port")) inherit("port");
  const path = init.pathname;
  const isAbsolute = path !== undefined && (/^\//.test(path) || (isPattern && /^[\\{]\//.test(path)));
  if (path !== undefined && !isAbsolute && base.pathname.startsWith("/")) {
    const folder = base.pathname.slice(0, base.pathname.lastIndexOf("/") + 1);
    found.pathname = (isPattern ? escapePattern(folder) : folder) + path;
  }
  if (!given("protocol", "hostname", "port", "pathname")) inherit("pathname");
  if (!given("protocol", "hostname", "port", "pathname", "search")) inherit("search");
  if (!given("protocol", "hostname", "port", "pathname", "search", "hash")) inherit("hash");
  return found;
};

// The components of a URL to match; null if it is not a URL.
const componentsOf = (input, base) => {
  if (typeof input === "object" && input !== null && !(input instanceof URL)) {
    if (base !== undefined) throw new TypeError("An init brings its base itself, as baseURL");
    try {
      const found = withBase(readInit(input), false), result = {};
      const protocol = found.protocol ? CANONICAL.protocol(found.protocol) : "";
      const isPlainPath = protocol !== "" && !SPECIAL_SCHEMES.includes(protocol);
      for (const name of COMPONENTS) {
        const value = found[name] ?? "";
        if (name === "pathname" && isPlainPath) result[name] = value && opaquePath(value);
        else result[name] = value && CANONICAL[name](value, protocol);
      }
      return result;
    } catch (error) {
      if (error instanceof TypeError) return null;
      throw error;
    }
  }
  const url = URL.parse(input, base);
  return url && Object.fromEntries(COMPONENTS.map((name) => [name, withoutMarks(name, url[name])]));
};

class URLPattern {
  #parts = {};

  constructor(input = {}, base = undefined, options = undefined) {
    let init, baseURL = base;
    if (typeof base === "object" && base !== null) [baseURL, options] = [undefined, base];
    if (typeof input === "object" && input !== null) {
      if (baseURL !== undefined) throw new TypeError("An init brings its base itself, as baseURL");
      init = readInit(input);
    } else {
      init = splitPattern(toUSV(input), isSpecialPattern);
      if (baseURL === undefined && init.protocol === undefined) {
        throw new TypeError(`The pattern ${describe(input)} needs a base, since it has no protocol`);
      }
      if (baseURL !== undefined) init.baseURL = toUSV(baseURL);
    }
    const found = withBase(init, true), flags = options?.ignoreCase ? "i" : "";
    for (const name of COMPONENTS) found[name] ??= "*";
    if (isUsualPort(found.port, found.protocol)) found.port = "";
    for (const name of COMPONENTS) {
      let kind = name === "hostname" ? HOST_PARTS : PLAIN, encode = encoderOf(name), more = "";
      if (name === "hostname" && /^(?:\{|\\)?\[/.test(found.hostname)) encode = addressPiece;
      if (name === "pathname") {
        const isPath = matchesSpecial(this.#parts.protocol);
        [kind, more] = [isPath ? PATH_PARTS : PLAIN, flags];
        if (!isPath) encode = (value) => (value === "" ? "" : opaquePath(value));
      } else if (name === "search" || name === "hash") more = flags;
      this.#parts[name] = compileComponent(name, found[name], kind, encode, more);
    }
  }

  get hasRegExpGroups() {
    return Object.values(this.#parts).some(({ hasGroups }) => hasGroups);
  }

  test(input = {}, base = undefined) {
    return this.exec(input, base) !== null;
  }

  exec(input = {}, base = undefined) {
    const values = componentsOf(input, base);
    if (values === null) return null;
    const result = { inputs: base === undefined ? [input] : [input, base] };
    for (const name of COMPONENTS) {
      const { expression, names } = this.#parts[name];
      const found = expression.exec(values[name]);
      if (found === null) return null;
      const groups = Object.fromEntries(names.map((one, i) => [one, found[i + 1]]));
      result[name] = { input: values[name], groups };
    }
    return result;
  }

  static {
    for (const name of COMPONENTS) {
      Object.defineProperty(this.prototype, name, {
        get() { return this.#parts[name].text; }, configurable: true, enumerable: true,
      });
    }
  }
}

expose(URLPattern);
