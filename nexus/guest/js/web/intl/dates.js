// Intl.DateTimeFormat.

const DATE_OPTIONS = {
  ...textOptions("calendar", "numberingSystem", "hourCycle", "timeZone"),
  hour12: Boolean,
  ...textOptions(
    "weekday", "era", "year", "month", "day", "dayPeriod", "hour", "minute", "second",
  ),
  fractionalSecondDigits: asNumber,
  ...textOptions("timeZoneName", "dateStyle", "timeStyle"),
};

const newDate = (locales, options, required, defaults) => askNew({
  kind: "date", tags: toTags(locales), options: readOptions(options, DATE_OPTIONS), required, defaults,
});
const dateParts = (found, date) => {
  const value = date === undefined ? Date.now() : Number(date);
  if (!(Math.abs(value) <= 8.64e15)) throw new RangeError("The date is not a valid time");
  return askIntl({ kind: "date", op: "format", found, value: Math.trunc(value) });
};

// Browsers and Node have a plain space before AM and PM, since programs look for one.
const dateText = (found, date) => joinParts(dateParts(found, date)).replaceAll("\u202f", " ");

class DateTimeFormat {
  #found;
  #format;

  constructor(locales = undefined, options = undefined) {
    this.#found = newDate(locales, options, "any", "date");
  }

  get format() {
    return (this.#format ??= (date) => dateText(this.#found, date));
  }

  formatToParts(date = undefined) {
    return toParts(dateParts(this.#found, date));
  }

  resolvedOptions() {
    const { pattern, ...found } = this.#found;
    return found;
  }
}
