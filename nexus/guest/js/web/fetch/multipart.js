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

const unescapeName = (latin1) =>
  utf8Decode(latin1ToBytes(latin1))
    .replace(/%0A/gi, "\n")
    .replace(/%0D/gi, "\r")
    .replace(/%22/g, '"');

const partHeaders = (lines) =>
  new Map(lines.split("\r\n").map((line) => {
    const [name, value] = cutAt(line, ":");
    if (value === null) throw malformed(`the line ${JSON.stringify(line)} is no header`);
    return [name.trim().toLowerCase(), value.trim()];
  }));

// In `form-data; name="a b"; filename=c` the value of one parameter, or undefined.
const dispositionParameter = (disposition, name) => {
  const found = new RegExp(`;\\s*${name}\\s*=\\s*(?:"((?:[^"\\\\]|\\\\.)*)"|([^\\s;"]*))`, "i")
    .exec(disposition);
  return found ? unescapeName((found[1] ?? found[2]).replace(/\\(["\\])/g, "$1")) : undefined;
};

const readPart = (latin1, bytes, start, end) => {
  const split = latin1.startsWith("\r\n", start) ? start : latin1.indexOf("\r\n\r\n", start);
  if (split < 0 || split > end) throw malformed("a part has no empty line after its headers");
  const headers = split === start ? new Map() : partHeaders(latin1.slice(start, split));
  const disposition = headers.get("content-disposition") ?? "";
  const name = dispositionParameter(disposition, "name");
  if (!/^form-data\s*(;|$)/i.test(disposition) || name === undefined) {
    throw malformed("a part has no Content-Disposition: form-data with a name");
  }
  const content = bytes.subarray(split + (split === start ? 2 : 4), end);
  const filename = dispositionParameter(disposition, "filename");
  if (filename === undefined) return [name, utf8Decode(content)];
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
