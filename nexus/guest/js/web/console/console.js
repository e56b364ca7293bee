// console: each call is one entry of the handler's log, at the level its name says.

const indents = [];
const counts = new Map();
const stopwatches = new Map();

const writeLog = (level, text) => {
  const indent = indents.join("");
  host.log(level, indent ? text.replace(/^/gm, indent) : text);
};

const logAt = (level) => (...args) => writeLog(level, formatLog(args));

const logElapsed = (label, args) => {
  const started = stopwatches.get(label);
  if (started === undefined) {
    writeLog("warn", `There is no timer ${inspect(label)}`);
    return;
  }
  writeLog("info", [`${label}: ${host.now() - started} ms`, ...args.map(toLogText)].join(" "));
};

const stackHere = () => new Error().stack.split("\n").slice(2).join("\n").trimEnd();

const beginGroup = (...args) => {
  if (args.length > 0) writeLog("info", formatLog(args));
  indents.push("  ");
};

const console = Object.assign(Object.create({}), {
  debug: logAt("debug"),
  log: logAt("info"),
  info: logAt("info"),
  warn: logAt("warn"),
  error: logAt("error"),
  dir: (value) => writeLog("info", inspect(value)),
  dirxml: logAt("info"),
  trace: (...args) => writeLog("info", `Trace: ${formatLog(args)}\n${stackHere()}`),
  assert(condition = false, ...args) {
    if (condition) return;
    const [first, ...rest] = args;
    const said = typeof first === "string" ? [`Assertion failed: ${first}`, ...rest]
      : ["Assertion failed", ...args];
    writeLog("error", formatLog(said));
  },
  table(data, columns) {
    const tabular = data !== null && typeof data === "object";
    writeLog("info", tabular ? formatTable(data, columns) : formatLog([data]));
  },
  count(label = "default") {
    const name = toText(label);
    counts.set(name, (counts.get(name) ?? 0) + 1);
    writeLog("info", `${name}: ${counts.get(name)}`);
  },
  countReset(label = "default") {
    counts.delete(toText(label));
  },
  group: beginGroup,
  groupCollapsed: beginGroup,
  groupEnd() {
    indents.pop();
  },
  time(label = "default") {
    stopwatches.set(toText(label), host.now());
  },
  timeLog(label = "default", ...args) {
    logElapsed(toText(label), args);
  },
  timeEnd(label = "default", ...args) {
    logElapsed(toText(label), args);
    stopwatches.delete(toText(label));
  },
  clear() {},
});

define("console", tag(console, "console"));
