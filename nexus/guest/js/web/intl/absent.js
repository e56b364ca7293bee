// Where the host lacks the extra `intl`: the functions of the language itself, for en-US alone.

const onlyUsual = (what, locales, options) => {
  const tags = locales === undefined ? [] : [locales].flat().map(String);
  const isUsual = tags.every((tag) => tag.toLowerCase() === "en-us");
  const hasOptions = options !== undefined && Object.keys(Object(options)).length > 0;
  if (isUsual && !hasOptions) return;
  const found = isUsual ? "options" : `the locale ${tags.find((tag) => tag.toLowerCase() !== "en-us")}`;
  throw new RangeError(
    `${what} with ${found} needs Intl, which this host lacks; allowed: en-US without options ` +
    "(the operator can install the extra: pip install 'nexus-runtime[intl]')",
  );
};

const numberToLocale = (value, locales, options) => {
  onlyUsual("toLocaleString", locales, options);
  return usualLocale.number(value);
};

const dateToLocale = (date, method, locales, options) => {
  onlyUsual(method, locales, options);
  return usualLocale[method](date);
};
