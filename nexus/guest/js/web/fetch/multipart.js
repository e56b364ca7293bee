// multipart/form-data (RFC 7578), both ways. Bytes stay bytes: the search goes over a Latin-1
// view of them, and each part is cut from the bytes themselves.

const newBoundary = () => `----nexus-form-${host.random(12).toHex()}`;

const escapeName = (name) =>
  name.replace(/\n/g, "%0A").replace(/\r/g, "%0D").replace(/"/g, "%22");

const normaliseBreaks = (text) => text.replace(/\r\n?|\n/g, "\r\n");

const writeMultipart = (formData, boundary) => {
  const pieces = [];
  for (const [name, value] of formData) {
    const head = `--${boundary}\r\nContent-Disposition: form-data; ` +
      `name="${escapeName(normaliseBreaks(name))}"`;
    if (typeof value === "string") {
      pieces.push(utf8Encode(`${head}\r\n\r\n${normaliseBreaks(value)}\r\n`));
    } else {
      const type = value.type || "application/octet-stream";
      pieces.push(
        utf8Encode(`${head}; filename="${escapeName(value.name)}"\r\n`),
        utf8Encode(`Content-Type: ${type}\r\n\r\n`),
        blobBytes(value),
        utf8Encode("\r\n"),
      );
    }
  }
  return concatBytes([...pieces, utf8Encode(`--${boundary}--\r\n`)]);
};

const malformed = (why) => new TypeError(`The body is no multipart/form-data: ${why}`);

// A part's headers in bytes, by their names; a folded line belongs to the one before.
const partHeaders = (lines) => {
  const headers = new Map();
  for (const line of lines.replace(/\r\n[ \t]+/g, " ").split("\r\n")) {
    const [name, value] = cutAt(line, ":");
    const key = name.toLowerCase();
    if (value === null || !HTTP_TOKEN.test(key)) {
      throw malformed(`the line ${JSON.stringify(line)} is no header`);
    }
    if (headers.has(key)) throw malformed(`a part has the header ${key} twice`);
    headers.set(key, value.trim());
  }
  return headers;
};

const readPart = (latin1, bytes, start, end) => {
  const split = latin1.startsWith("\r\n", start) ? start : latin1.indexOf("\r\n\r\n", start);
  if (split < 0 || split > end) throw malformed("a part has no empty line after its headers");
  const headers = split === start ? new Map() : partHeaders(latin1.slice(start, split));
  const { name, filename } = parseDisposition(headers.get("content-disposition") ?? "") ?? {};
  if (name === undefined) {
    throw malformed("a part has no Content-Disposition: form-data with a name");
  }
  const content = bytes.subarray(split + (split === start ? 2 : 4), end);
  if (filename === undefined) return [name, utf8DecodeKeepingBom(content)];
  const type = headers.get("content-type") ?? "text/plain";
  return [name, new File([content], filename, { type })];
};

const readMultipart = (bytes, boundary) => {
  const latin1 = bytesToLatin1(bytes);
  const delimiter = `--${boundary}`;
  const pairs = [];
  let at = latin1.startsWith(delimiter) ? 0 : latin1.indexOf(`\r\n${delimiter}`) + 2;
  if (at === 1) throw malformed(`the boundary ${JSON.stringify(boundary)} is not in it`);
  for (;;) {
    at += delimiter.length;
    if (latin1.startsWith("--", at)) return pairs;
    const space = /^[ \t]*\r\n/.exec(latin1.slice(at, at + 100));
    if (!space) throw malformed("a boundary is not at the end of its line");
    at += space[0].length;
    const end = latin1.indexOf(`\r\n${delimiter}`, at);
    if (end < 0) throw malformed("the last boundary is missing");
    pairs.push(readPart(latin1, bytes, at, end));
    at = end + 2;
  }
};
