// URL. Each setter changes a copy and keeps it only where it is sound.

let recordOfURL; // (url)

class URL {
  #record;
  #params;

  constructor(url, base = undefined) {
    need(arguments, 1, "URL");
    const record = parseAgainst(url, base);
    if (!record) {
      const against = base === undefined ? "" : ` with the base ${JSON.stringify(`${base}`)}`;
      throw new TypeError(`Invalid URL: ${JSON.stringify(`${url}`)}${against}`);
    }
    this.#record = record;
  }

  static {
    recordOfURL = (url) => url.#record;
  }

  static canParse(url, base = undefined) {
    need(arguments, 1, "URL.canParse");
    return parseAgainst(url, base) !== undefined;
  }

  static parse(url, base = undefined) {
    need(arguments, 1, "URL.parse");
    return parseAgainst(url, base) ? new URL(url, base) : null;
  }

  get href() { return recordToText(this.#record); }
  set href(value) {
    this.#record = recordOfURL(new URL(value));
    this.#refreshParams();
  }

  get origin() { return originOf(this.#record); }

  get protocol() { return this.#record.scheme; }
  set protocol(value) { this.#change(setProtocol, stripTabs(toUSV(value))); }

  get username() { return this.#record.username; }
  set username(value) { this.#change(setUsername, toUSV(value)); }

  get password() { return this.#record.password; }
  set password(value) { this.#change(setPassword, toUSV(value)); }

  get host() { return hostAndPort(this.#record); }
  set host(value) { this.#change(changeHost, stripTabs(toUSV(value))); }

  get hostname() { return this.#record.host ?? ""; }
  set hostname(value) { this.#change(changeHostname, stripTabs(toUSV(value))); }

  get port() { return `${this.#record.port ?? ""}`; }
  set port(value) { this.#change(changePort, stripTabs(toUSV(value))); }

  get pathname() { return pathText(this.#record); }
  set pathname(value) { this.#change(changePath, stripTabs(toUSV(value))); }

  get search() { return this.#record.query ? `?${this.#record.query}` : ""; }
  set search(value) {
    this.#change(changeSearch, stripTabs(toUSV(value)));
    this.#refreshParams();
  }

  get searchParams() {
    if (!this.#params) {
      this.#params = new URLSearchParams();
      linkParams(this.#params, (text) => {
        this.#record.query = text === "" ? null : text;
      });
      this.#refreshParams();
    }
    return this.#params;
  }

  get hash() { return this.#record.fragment ? `#${this.#record.fragment}` : ""; }
  set hash(value) { this.#change(changeHash, stripTabs(toUSV(value))); }

  toString() { return this.href; }
  toJSON() { return this.href; }

  #change(setter, text) {
    const record = copyRecord(this.#record);
    if (setter(record, text) !== false) this.#record = record;
  }

  #refreshParams() {
    if (this.#params) resetParams(this.#params, this.#record.query ?? "");
  }
}

expose(URL);

const parseAgainst = (url, base) => {
  if (base === undefined) return parseURL(toUSV(url));
  const record = parseURL(toUSV(base));
  return record && parseURL(toUSV(url), record);
};
