// What console.log makes of its arguments: the first one may hold %s, %d, %i, %f, %j, %o, %O, %c.

const toLogText = (value) => (typeof value === "string" ? value : inspect(value));

const toLogNumber = (value, convert) =>
  typeof value === "symbol" || typeof value === "object" ? "NaN" : String(convert(value));

const FORMATS = {
  s: (value) => (typeof value === "object" ? inspect(value) : String(value)),
  d: (value) => (typeof value === "bigint" ? `${value}n` : toLogNumber(value, Number)),
  i: (value) => (typeof value === "bigint" ? `${value}n` : toLogNumber(value, parseInt)),
  f: (value) => toLogNumber(value, parseFloat),
  j: (value) => JSON.stringify(value),
  o: inspect,
  O: inspect,
  c: () => "", // CSS
};

const formatLog = (args) => {
  const rest = [...args];
  const words = [];
  if (typeof rest[0] === "string") {
    const pattern = rest.shift();
    words.push(
      pattern.replace(/%([sdifjoOc%])/g, (whole, letter) => {
        if (letter === "%") return args.length > 1 ? "%" : whole;
        return rest.length > 0 ? FORMATS[letter](rest.shift()) : whole;
      }),
    );
  }
  return [...words, ...rest.map(toLogText)].join(" ");
};
