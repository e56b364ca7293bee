// Values as text for the log: short, on one line where it fits, cycles and depth marked.

const INSPECT = { depth: 4, items: 100, textLength: 10_000, width: 100 };

const inspect = (value, seen = []) => {
  switch (typeof value) {
    case "string":
      return JSON.stringify(
        value.length > INSPECT.textLength ? `${value.slice(0, INSPECT.textLength)}…` : value,
      );
    case "bigint":
      return `${value}n`;
    case "function":
      return inspectFunction(value);
    case "object":
      return value === null ? "null" : inspectObject(value, seen);
    default:
      return Object.is(value, -0) ? "-0" : String(value);
  }
};

const inspectFunction = (value) => {
  const isClass = /^class\b/.test(Function.prototype.toString.call(value));
  return `[${isClass ? "class" : "Function"}${value.name ? ` ${value.name}` : " (anonymous)"}]`;
};

const inspectObject = (value, seen) => {
  if (seen.includes(value)) {
    return "[Circular]";
  }
  try {
    return inspectKnown(value, [...seen, value]);
  } catch (error) {
    return `[Object that cannot be read: ${inspect(String(error))}]`;
  }
};

const inspectKnown = (value, seen) => {
  if (value instanceof Error) return inspectError(value, seen);
  if (value instanceof Date) return Number.isNaN(+value) ? "Invalid Date" : value.toISOString();
  if (value instanceof RegExp) return String(value);
  if (value instanceof Promise) return "Promise {}";
  if (value instanceof URL) return `URL ${inspect(value.href)}`;
  if (value instanceof Number || value instanceof String || value instanceof Boolean) {
    return `[${className(value)}: ${inspect(value.valueOf())}]`;
  }
  if (seen.length > INSPECT.depth) return `[${className(value)}]`;
  if (Array.isArray(value)) return bracket("", "[", limited(value, (x) => inspect(x, seen)), "]");
  return inspectCollection(value, seen) ?? inspectMembers(value, seen);
};

const inspectCollection = (value, seen) => {
  const each = (item) => inspect(item, seen);
  const pair = ([key, item]) => `${each(key)} => ${each(item)}`;
  const head = (size) => `${className(value)}(${size}) `;
  if (value instanceof Map) return bracket(head(value.size), "{", limited(value, pair), "}");
  if (value instanceof Set) return bracket(head(value.size), "{", limited(value, each), "}");
  if (value instanceof ArrayBuffer) return `ArrayBuffer(${value.byteLength})`;
  if (value instanceof DataView) return `DataView(${value.byteLength})`;
  if (ArrayBuffer.isView(value)) {
    return bracket(head(value.length), "[", limited(value, each), "]");
  }
  if (value instanceof Headers || value instanceof FormData || value instanceof URLSearchParams) {
    return bracket(`${className(value)} `, "{", limited(value, pair), "}");
  }
  return undefined;
};

const inspectMembers = (value, seen) => {
  const members = Object.keys(value).map((key) => {
    const { get, set } = Object.getOwnPropertyDescriptor(value, key);
    const shown = get || set ? (get ? "[Getter]" : "[Setter]") : inspect(value[key], seen);
    return `${/^[\w$]+$/.test(key) ? key : JSON.stringify(key)}: ${shown}`;
  });
  const name = className(value);
  return bracket(name === "Object" ? "" : `${name} `, "{", cut(members), "}");
};

// The stack of the handler's own frames, without the line that names the error.
const withoutHead = (stack, head) => {
  const frames = stack.startsWith(head) ? stack.slice(head.length).replace(/^\n/, "") : stack;
  return frames.trimEnd().split("\n").filter((line) => !/\((nexus:|<input>:)/.test(line)).join("\n");
};

// The causes of an error and of these, and the errors of an AggregateError, or "".
const inspectCauses = (error) => {
  const lines = [];
  if ("cause" in error) lines.push(`Caused by: ${inspect(error.cause)}`);
  if (Array.isArray(error.errors)) {
    lines.push(...error.errors.map((one, i) => `Error ${i + 1}: ${inspect(one)}`));
  }
  return lines.join("\n");
};

const inspectError = (error, seen) => {
  const head = Error.prototype.toString.call(error);
  const stack = typeof error.stack === "string" ? withoutHead(error.stack, head) : "";
  const lines = [stack ? `${head}\n${stack}` : head];
  if ("cause" in error) lines.push(`  cause: ${inspect(error.cause, seen)}`);
  if (Array.isArray(error.errors)) {
    lines.push(...error.errors.map((one) => `  error: ${inspect(one, seen)}`));
  }
  return lines.join("\n");
};

const className = (value) => {
  const prototype = Object.getPrototypeOf(value);
  return prototype === null ? "[no prototype]" : prototype.constructor?.name || "Object";
};

const limited = (items, show) => {
  const shown = [];
  let count = 0;
  for (const item of items) {
    count += 1;
    if (count <= INSPECT.items) shown.push(show(item));
  }
  return count > INSPECT.items ? [...shown, `… ${count - INSPECT.items} more`] : shown;
};

const cut = (members) => limited(members, (member) => member);

const bracket = (head, open, members, close) => {
  if (members.length === 0) {
    return `${head}${open}${close}`;
  }
  const space = open === "{" ? " " : "";
  const line = `${head}${open}${space}${members.join(", ")}${space}${close}`;
  if (line.length <= INSPECT.width && !line.includes("\n")) {
    return line;
  }
  const body = members.map((member) => `  ${member.replaceAll("\n", "\n  ")}`).join(",\n");
  return `${head}${open}\n${body}\n${close}`;
};
