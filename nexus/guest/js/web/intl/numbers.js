// Intl.NumberFormat and PluralRules.

const DIGIT_OPTIONS = {
  minimumIntegerDigits: asNumber, minimumFractionDigits: asNumber,
  maximumFractionDigits: asNumber, minimumSignificantDigits: asNumber,
  maximumSignificantDigits: asNumber, roundingIncrement: asNumber,
  ...textOptions("roundingMode", "roundingPriority", "trailingZeroDisplay"),
};
const NUMBER_OPTIONS = {
  ...textOptions(
    "numberingSystem", "style", "currency", "currencyDisplay", "currencySign", "unit",
    "unitDisplay", "notation", "compactDisplay", "signDisplay",
  ),
  ...DIGIT_OPTIONS,
  useGrouping: asGrouping,
};

const newNumber = (locales, options) => askNew({
  kind: "number", tags: toTags(locales), options: readOptions(options, NUMBER_OPTIONS),
});
const numberParts = (found, value) =>
  askIntl({ kind: "number", op: "format", found, value: numberText(value) });

const refuseRange = (method) => {
  throw new RangeError(`${method} is not available: format the two ends, each by itself`);
};

class NumberFormat {
  #found;
  #format;

  constructor(locales = undefined, options = undefined) {
    this.#found = newNumber(locales, options);
  }

  get format() {
    return (this.#format ??= (value) => joinParts(numberParts(this.#found, value)));
  }

  formatToParts(value) {
    return toParts(numberParts(this.#found, value));
  }

  formatRange() {
    return refuseRange("Intl.NumberFormat's formatRange");
  }

  formatRangeToParts() {
    return refuseRange("Intl.NumberFormat's formatRangeToParts");
  }

  resolvedOptions() {
    const { compactRounding, ...found } = this.#found;
    return { ...found, roundingIncrement: 1, roundingPriority: compactRounding ? "morePrecision" : "auto" };
  }
}

class PluralRules {
  #found;

  constructor(locales = undefined, options = undefined) {
    const read = readOptions(options, { type: toText, ...DIGIT_OPTIONS });
    this.#found = askNew({ kind: "plural", tags: toTags(locales), options: read });
  }

  select(value) {
    return askIntl({ kind: "plural", op: "format", found: this.#found, value: numberText(value) });
  }

  selectRange() {
    return refuseRange("Intl.PluralRules' selectRange");
  }

  resolvedOptions() {
    return { ...this.#found, pluralCategories: [...this.#found.pluralCategories] };
  }
}
