// The functions of the language that depend on a locale; QuickJS's own ignore their arguments.

const { toLocaleString: plainNumber, valueOf: numberOf } = Number.prototype;
const { toLocaleString: plainDate, toLocaleDateString: plainDay, toLocaleTimeString: plainTime } =
  Date.prototype;
const { getTime } = Date.prototype, { valueOf: bigintOf } = BigInt.prototype;
const callOn = Function.prototype.call.bind(Function.prototype.call);

// What QuickJS writes, for a host without the extra `intl`.
const usualLocale = {
  __proto__: null,
  number: (value) => (typeof value === "bigint" ? `${value}` : callOn(plainNumber, value)),
  toLocaleString: (time) => callOn(plainDate, new Date(time)),
  toLocaleDateString: (time) => callOn(plainDay, new Date(time)),
  toLocaleTimeString: (time) => callOn(plainTime, new Date(time)),
};

const defineMethods = (holder, methods) => {
  for (const [name, value] of Object.entries(methods)) {
    Object.defineProperty(holder, name, { value, writable: true, configurable: true });
  }
};

const listToLocale = {
  toLocaleString(locales = undefined, options = undefined) {
    const texts = [];
    for (let i = 0; i < this.length; i += 1) {
      const one = this[i];
      texts.push(one === undefined || one === null ? "" : `${one.toLocaleString(locales, options)}`);
    }
    return texts.join(",");
  },
};
defineMethods(Array.prototype, listToLocale);
defineMethods(Object.getPrototypeOf(Uint8Array.prototype), listToLocale);
defineMethods(Number.prototype, {
  toLocaleString(locales = undefined, options = undefined) {
    return part(localePart).numberToLocale(callOn(numberOf, this), locales, options);
  },
});
defineMethods(BigInt.prototype, {
  toLocaleString(locales = undefined, options = undefined) {
    return part(localePart).numberToLocale(callOn(bigintOf, this), locales, options);
  },
});
defineMethods(Date.prototype, {
  toLocaleString(locales = undefined, options = undefined) {
    return part(localePart).dateToLocale(callOn(getTime, this), "toLocaleString", locales, options);
  },
  toLocaleDateString(locales = undefined, options = undefined) {
    return part(localePart).dateToLocale(callOn(getTime, this), "toLocaleDateString", locales, options);
  },
  toLocaleTimeString(locales = undefined, options = undefined) {
    return part(localePart).dateToLocale(callOn(getTime, this), "toLocaleTimeString", locales, options);
  },
});
defineMethods(String.prototype, {
  localeCompare(that, locales = undefined, options = undefined) {
    if (this === undefined || this === null) {
      throw new TypeError("String.prototype.localeCompare needs a string");
    }
    return part("collation").compareTexts(`${this}`, `${that}`, locales, options);
  },
});
