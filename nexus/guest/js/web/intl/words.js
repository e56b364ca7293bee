// Intl.RelativeTimeFormat, ListFormat and DisplayNames.

class RelativeTimeFormat {
  #found;

  constructor(locales = undefined, options = undefined) {
    const read = readOptions(options, textOptions("numberingSystem", "style", "numeric"));
    this.#found = askNew({ kind: "relative", tags: toTags(locales), options: read });
  }

  #parts(value, unit) {
    return askIntl({
      kind: "relative", op: "format", found: this.#found, value: numberText(+value), unit: `${unit}`,
    });
  }

  format(value, unit) {
    return joinParts(this.#parts(value, unit));
  }

  formatToParts(value, unit) {
    return this.#parts(value, unit).map(([type, text, of]) =>
      of === "" ? { type, value: text } : { type, value: text, unit: of });
  }

  resolvedOptions() {
    return { ...this.#found };
  }
}

class ListFormat {
  #found;

  constructor(locales = undefined, options = undefined) {
    const read = readOptions(options, textOptions("type", "style"));
    this.#found = askNew({ kind: "list", tags: toTags(locales), options: read });
  }

  #parts(list) {
    const value = list === undefined ? [] : Array.from(list);
    for (const item of value) {
      if (typeof item !== "string") {
        throw new TypeError(`A list's items must be strings, but one is ${describe(item)}`);
      }
    }
    return askIntl({ kind: "list", op: "format", found: this.#found, value });
  }

  format(list) {
    return joinParts(this.#parts(list));
  }

  formatToParts(list) {
    return toParts(this.#parts(list));
  }

  resolvedOptions() {
    return { ...this.#found };
  }
}

class DisplayNames {
  #found;

  constructor(locales, options) {
    if (options === undefined) throw new TypeError("DisplayNames needs options with a type");
    const names = textOptions("style", "type", "fallback", "languageDisplay");
    const read = readOptions(options, names);
    this.#found = askNew({ kind: "names", tags: toTags(locales), options: read });
  }

  of(code) {
    const value = `${code}`;
    return askIntl({ kind: "names", op: "format", found: this.#found, value }) ?? undefined;
  }

  resolvedOptions() {
    return { ...this.#found };
  }
}
