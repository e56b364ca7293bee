// error.stack like V8's: the error's name and message, then the calls. Many libraries print a
// stack alone; QuickJS leaves the first line out.

const { toString: errorToString } = Error.prototype;
const { apply: applyTo } = Reflect;

const siteToText = (site) => {
  const where = site.isNative()
    ? "native"
    : `${site.getFileName()}:${site.getLineNumber()}:${site.getColumnNumber()}`;
  return `    at ${site.getFunctionName() ?? "<anonymous>"} (${where})`;
};

Error.prepareStackTrace = function prepareStackTrace(error, sites) {
  let stack;
  try {
    stack = applyTo(errorToString, error, []);
  } catch {
    stack = "Error"; // a getter of its name or message throws
  }
  for (let i = 0; i < sites.length; i += 1) stack += `\n${siteToText(sites[i])}`;
  return stack;
};
