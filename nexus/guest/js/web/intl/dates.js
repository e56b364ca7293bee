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
const toTime = (date) => {
  const value = Number(date);
  if (!(Math.abs(value) <= 8.64e15)) throw new RangeError("The date is not a valid time");
  return Math.trunc(value);
};
const dateParts = (found, date) =>
  askIntl({ kind: "date", op: "format", found, value: toTime(date === undefined ? Date.now() : date) });
const rangeParts = (found, start, end) => {
  if (start === undefined || end === undefined) throw new TypeError("A range needs two dates");
  return askIntl({ kind: "date", op: "range", found, value: toTime(start), until: toTime(end) });
};

// Browsers and Node have a plain space before AM and PM, since programs look for one.
const dateText = (parts) => joinParts(parts).replaceAll("\u202f", " ");

class DateTimeFormat {
  #found;
  #format;

  constructor(locales = undefined, options = undefined) {
    this.#found = newDate(locales, options, "any", "date");
  }

  get format() {
    return (this.#format ??= (date) => dateText(dateParts(this.#found, date)));
  }

  formatToParts(date = undefined) {
    return toParts(dateParts(this.#found, date));
  }

  formatRange(start, end) {
    const parts = rangeParts(this.#found, start, end);
    return parts.every(([, , source]) => source === "shared") ? dateText(parts) : joinParts(parts);
  }

  formatRangeToParts(start, end) {
    return rangeParts(this.#found, start, end).map(([type, value, source]) => ({ type, value, source }));
  }

  resolvedOptions() {
    const { pattern, ...found } = this.#found;
    return found;
  }
}
