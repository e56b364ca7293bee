// The global Intl, and what toLocaleString and its kin do with it.

const numberToLocale = (value, locales, options) => joinParts(numberParts(newNumber(locales, options), value));

const DATE_METHODS = { toLocaleString: ["any", "all"], toLocaleDateString: ["date", "date"], toLocaleTimeString: ["time", "time"] };

const dateToLocale = (date, method, locales, options) => {
  const [required, defaults] = DATE_METHODS[method];
  const found = newDate(locales, options, required, defaults);
  return Number.isNaN(date) ? "Invalid Date" : dateText(dateParts(found, date));
};

const intlGlobal = Object.create(Object.prototype, {});
tag(intlGlobal, "Intl");
for (const [name, value] of Object.entries({
  Collator: new Proxy(Collator, { apply: (target, _, args) => new target(...args) }),
  DateTimeFormat: finishFormat(DateTimeFormat, { callable: true }),
  DisplayNames: finishFormat(DisplayNames),
  ListFormat: finishFormat(ListFormat),
  NumberFormat: finishFormat(NumberFormat, { callable: true }),
  PluralRules: finishFormat(PluralRules),
  RelativeTimeFormat: finishFormat(RelativeTimeFormat),
  Segmenter: finishFormat(Segmenter),
  getCanonicalLocales: (locales) => askIntl({ kind: "tags", op: "canonical", tags: toTags(locales) }),
})) {
  Object.defineProperty(intlGlobal, name, { value, writable: true, configurable: true });
}
define("Intl", intlGlobal);
