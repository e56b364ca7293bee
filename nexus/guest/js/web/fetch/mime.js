// MIME types, as the MIME Sniffing standard reads them.

const HTTP_QUOTED_TEXT = /^[\t\x20-\x7e\x80-\xff]*$/;

// The value of a quoted string that begins at `start`, and where it ends.
const quotedString = (text, start) => {
  let value = "";
  let at = start + 1;
  while (at < text.length && text[at] !== '"') {
    if (text[at] === "\\" && at + 1 < text.length) at += 1;
    value += text[at];
    at += 1;
  }
  return { value, end: at + 1 };
};

const parseParameters = (text) => {
  const parameters = new Map();
  for (let at = 0; at < text.length;) {
    const name = /^[\t\n\r ]*([^;=]*)/.exec(text.slice(at));
    at += name[0].length;
    const hasValue = text[at] === "=";
    let value = "";
    if (hasValue && text[at + 1] === '"') {
      ({ value, end: at } = quotedString(text, at + 1));
    } else if (hasValue) {
      value = /^[^;]*/.exec(text.slice(at + 1))[0].replace(/[\t\n\r ]+$/, "");
    }
    const key = name[1].toLowerCase();
    const sound = hasValue && HTTP_TOKEN.test(key) && HTTP_QUOTED_TEXT.test(value);
    const quoted = text[at - 1] === '"';
    if (sound && (value !== "" || quoted) && !parameters.has(key)) parameters.set(key, value);
    const end = text.indexOf(";", at);
    at = end < 0 ? text.length : end + 1;
  }
  return parameters;
};

// {essence, parameters}, or undefined where the text is no MIME type.
const parseMimeType = (input) => {
  const text = input.replace(AROUND_VALUES, "");
  const [type, rest] = cutAt(text, "/");
  const [subtype, parameters] = cutAt(rest ?? "", ";");
  const subtypeText = subtype.replace(/[\t\n\r ]+$/, "");
  if (!HTTP_TOKEN.test(type) || !HTTP_TOKEN.test(subtypeText)) {
    return undefined;
  }
  return {
    essence: `${type}/${subtypeText}`.toLowerCase(),
    parameters: parseParameters(parameters ?? ""),
  };
};

const mimeTypeToText = ({ essence, parameters }) => {
  const parts = Array.from(parameters, ([name, value]) =>
    `;${name}=${HTTP_TOKEN.test(value) ? value : `"${value.replace(/["\\]/g, "\\$&")}"`}`,
  );
  return essence + parts.join("");
};
