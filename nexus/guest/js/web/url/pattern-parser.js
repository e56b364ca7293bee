// The pattern of one component of a URLPattern: tokens, parts, and a regular expression of them.

const NAME_START = /[\p{ID_Start}$_]/u, NAME_PART = /[\p{ID_Continue}$\u200c\u200d]/u;
const MODIFIERS = { "?": "optional", "*": "zero-or-more", "+": "one-or-more" };
const MARKS = { none: "", optional: "?", "zero-or-more": "*", "one-or-more": "+" };

const escapeRegExp = (text) => text.replace(/[.+*?^${}()[\]|/\\]/g, "\\$&");
const escapePattern = (text) => text.replace(/[+*?:{}()\\]/g, "\\$&");

// The regular expression in the parentheses that open at `start`; undefined if it is not valid.
const groupFrom = (letters, start) => {
  let depth = 1;
  for (let at = start + 1; at < letters.length; at += 1) {
    const letter = letters[at];
    if (letter > "\x7f" || (at === start + 1 && letter === "?")) return undefined;
    if (letter === "\\") {
      at += 1;
      if (at >= letters.length || letters[at] > "\x7f") return undefined;
    } else if (letter === ")") {
      depth -= 1;
      if (depth === 0) return at === start + 1 ? undefined : letters.slice(start + 1, at).join("");
    } else if (letter === "(") {
      depth += 1;
      if (letters[at + 1] !== "?") return undefined;
    }
  }
  return undefined;
};

// {type, index, value} for each token. With `lenient`, an invalid character becomes a token, too.
const tokenizePattern = (input, lenient) => {
  const letters = Array.from(input), tokens = [];
  let index = 0; // in the text, of the letter at `at`
  for (let at = 0; at < letters.length;) {
    const letter = letters[at];
    let type = "char", value = letter, count = 1;
    if (letter === "*") type = "asterisk";
    else if (letter === "+" || letter === "?") type = "other-modifier";
    else if (letter === "{") type = "open";
    else if (letter === "}") type = "close";
    else if (letter === "\\" && at + 1 < letters.length) {
      [type, value, count] = ["escaped-char", letters[at + 1], 2];
    } else if (letter === ":") {
      let end = at + 1;
      while (end < letters.length && (end === at + 1 ? NAME_START : NAME_PART).test(letters[end])) end += 1;
      [type, value, count] = ["name", letters.slice(at + 1, end).join(""), end - at];
      if (value === "") [type, value] = ["invalid-char", letter];
    } else if (letter === "(") {
      const found = groupFrom(letters, at);
      if (found === undefined) type = "invalid-char";
      else [type, value, count] = ["regexp", found, Array.from(found).length + 2];
    } else if (letter === "\\") type = "invalid-char";
    if (type === "invalid-char" && !lenient) {
      throw new TypeError(`The pattern ${describe(input)} is not valid at position ${index}`);
    }
    tokens.push({ type, index, value });
    for (const end = at + count; at < end; at += 1) index += letters[at].length;
  }
  tokens.push({ type: "end", index, value: "" });
  return tokens;
};

const segmentOf = ({ delimiter }) => (delimiter === "" ? "[^]+?" : `[^${escapeRegExp(delimiter)}]+?`);

// The parts of a pattern; `encode` makes a fixed text canonical.
const parsePattern = (input, options, encode) => {
  const tokens = tokenizePattern(input, false), parts = [], names = new Set();
  let at = 0, pending = "", nextName = 0;
  const take = (...types) => (types.includes(tokens[at].type) ? tokens[at++] : undefined);
  const takeGroup = (name) => take("regexp") ?? (name ? undefined : take("asterisk"));
  const takeModifier = () => {
    const found = take("other-modifier", "asterisk");
    return found ? MODIFIERS[found.value] : "none";
  };
  const takeText = () => {
    let text = "";
    for (let found; (found = take("char", "escaped-char"));) text += found.value;
    return text;
  };
  const addPending = () => {
    if (pending !== "") parts.push({ type: "fixed", value: encode(pending), modifier: "none" });
    pending = "";
  };
  const add = (prefix, name, group, suffix, modifier) => {
    if (!name && !group && modifier === "none") {
      pending += prefix;
      return;
    }
    addPending();
    if (!name && !group) {
      if (prefix !== "") parts.push({ type: "fixed", value: encode(prefix), modifier });
      return;
    }
    let type = "regexp", value = group?.value;
    if (!group) [type, value] = ["segment", ""];
    else if (group.type === "asterisk" || value === ".*") [type, value] = ["wildcard", ""];
    else if (value === segmentOf(options)) [type, value] = ["segment", ""];
    const called = name ? name.value : `${nextName++}`;
    if (names.has(called)) throw new TypeError(`The pattern ${describe(input)} has two groups ${called}`);
    names.add(called);
    parts.push({ type, value, modifier, name: called, prefix: encode(prefix), suffix: encode(suffix) });
  };
  while (at < tokens.length) {
    const char = take("char"), name = take("name"), group = takeGroup(name);
    if (name || group) {
      let prefix = char?.value ?? "";
      if (prefix !== "" && prefix !== options.prefix) {
        pending += prefix;
        prefix = "";
      }
      addPending();
      add(prefix, name, group, "", takeModifier());
      continue;
    }
    const fixed = char ?? take("escaped-char");
    if (fixed) {
      pending += fixed.value;
      continue;
    }
    if (take("open")) {
      const prefix = takeText(), inner = take("name"), innerGroup = takeGroup(inner), suffix = takeText();
      if (!take("close")) throw new TypeError(`The pattern ${describe(input)} lacks a }`);
      add(prefix, inner, innerGroup, suffix, takeModifier());
      continue;
    }
    addPending();
    if (!take("end")) {
      throw new TypeError(`The pattern ${describe(input)} is not valid at position ${tokens[at].index}`);
    }
  }
  return parts;
};

const expressionOf = (parts, options) => {
  let text = "^";
  for (const { type, value, modifier, prefix, suffix } of parts) {
    const mark = MARKS[modifier], often = mark === "*" || mark === "+";
    if (type === "fixed") {
      text += mark === "" ? escapeRegExp(value) : `(?:${escapeRegExp(value)})${mark}`;
      continue;
    }
    const inner = type === "segment" ? segmentOf(options) : type === "wildcard" ? ".*" : value;
    const [before, after] = [escapeRegExp(prefix), escapeRegExp(suffix)];
    if (before === "" && after === "") text += often ? `((?:${inner})${mark})` : `(${inner})${mark}`;
    else if (!often) text += `(?:${before}(${inner})${after})${mark}`;
    else text += `(?:${before}((?:${inner})(?:${after}${before}(?:${inner}))*)${after})${mark === "*" ? "?" : ""}`;
  }
  return `${text}$`;
};

const isNamePart = (text) => NAME_PART.test(Array.from(text)[0] ?? "");

// The pattern of parts, in the normal form that the getters give.
const patternText = (parts, options) => {
  let text = "";
  parts.forEach((one, i) => {
    const { type, value, modifier, name, prefix, suffix } = one;
    const mark = MARKS[modifier], previous = parts[i - 1], next = parts[i + 1];
    if (type === "fixed") {
      text += mark === "" ? escapePattern(value) : `{${escapePattern(value)}}${mark}`;
      return;
    }
    const isCustom = !/^\d/.test(name);
    let grouped = suffix !== "" || (prefix !== "" && prefix !== options.prefix);
    if (!grouped && isCustom && type === "segment" && mark === "" && next && !next.prefix && !next.suffix) {
      grouped = next.type === "fixed" ? isNamePart(next.value) : /^\d/.test(next.name);
    }
    if (!grouped && prefix === "" && previous?.type === "fixed" && options.prefix !== "") {
      grouped = previous.value.endsWith(options.prefix);
    }
    text += (grouped ? "{" : "") + escapePattern(prefix) + (isCustom ? `:${name}` : "");
    if (type === "regexp") text += `(${value})`;
    else if (type === "segment" && !isCustom) text += `(${segmentOf(options)})`;
    else if (type === "wildcard") {
      const bare = !isCustom &&
        (!previous || previous.type === "fixed" || previous.modifier !== "none" || grouped || prefix !== "");
      text += bare ? "*" : "(.*)";
    }
    if (type === "segment" && isCustom && suffix !== "" && isNamePart(suffix)) text += "\\";
    text += escapePattern(suffix) + (grouped ? "}" : "") + mark;
  });
  return text;
};
