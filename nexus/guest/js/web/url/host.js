// Returns a URL's host, as text ready to be written; undefined if the host is invalid.

const FORBIDDEN_IN_HOSTS = /[\0\t\n\r #/:<>?@[\\\]^|]/;
const FORBIDDEN_IN_DOMAINS = /[\0-\x20#%/:<>?@[\\\]^|\x7f]/;

// One that many URLs have; it needs no further look.
const PLAIN_HOST = /^[a-z0-9-]+(\.[a-z0-9-]+)*\.[a-z]+$|^[a-z]+$/;

const parseHost = (text, isSpecial) => {
  if (text.startsWith("[")) {
    const pieces = text.endsWith("]") ? parseIPv6(text.slice(1, -1)) : undefined;
    return pieces && `[${formatIPv6(pieces)}]`;
  }
  if (!isSpecial) {
    return FORBIDDEN_IN_HOSTS.test(text) ? undefined : percentEncode(text, C0_SET);
  }
  if (PLAIN_HOST.test(text) && !text.includes("xn--")) {
    return text;
  }
  const host = domainToAscii(utf8DecodeKeepingBom(percentDecode(text)));
  if (!host || FORBIDDEN_IN_DOMAINS.test(host)) {
    return undefined;
  }
  if (!endsInNumber(host)) {
    return host;
  }
  const address = parseIPv4(host);
  return address === undefined ? undefined : formatIPv4(address);
};
