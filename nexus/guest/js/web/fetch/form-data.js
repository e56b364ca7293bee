// FormData: names with strings or Files. It is filled by hand or from a body; there are no
// form elements here.

let formDataOf; // (pairs): of pairs that are sound already

class FormData {
  #pairs = [];

  constructor(form = undefined) {
    if (form !== undefined) {
      throw new TypeError(`FormData takes no form here, but got ${describe(form)}`);
    }
  }

  static {
    formDataOf = (pairs) => {
      const data = new FormData();
      data.#pairs = pairs;
      return data;
    };
  }

  append(name, value, filename = undefined) {
    need(arguments, 2, "FormData.append");
    this.#pairs.push(formPair(name, value, filename, arguments.length > 2));
  }

  delete(name) {
    need(arguments, 1, "FormData.delete");
    const matches = pairMatcher(name);
    this.#pairs = this.#pairs.filter((pair) => !matches(pair));
  }

  get(name) {
    need(arguments, 1, "FormData.get");
    return this.#pairs.find(pairMatcher(name))?.[1] ?? null;
  }

  getAll(name) {
    need(arguments, 1, "FormData.getAll");
    return this.#pairs.filter(pairMatcher(name)).map((pair) => pair[1]);
  }

  has(name) {
    need(arguments, 1, "FormData.has");
    return this.#pairs.some(pairMatcher(name));
  }

  set(name, value, filename = undefined) {
    need(arguments, 2, "FormData.set");
    const pair = formPair(name, value, filename, arguments.length > 2);
    const matches = pairMatcher(name);
    const at = this.#pairs.findIndex(matches);
    if (at < 0) {
      this.#pairs.push(pair);
    } else {
      this.#pairs = this.#pairs.filter((one, i) => i <= at || !matches(one));
      this.#pairs[at] = pair;
    }
  }

  forEach(callback, self = undefined) {
    need(arguments, 1, "FormData.forEach");
    requireCallback(callback, "FormData.forEach");
    for (const [name, value] of this) callback.call(self, value, name, this);
  }

  entries() {
    return pairIterator("FormData", () => this.#pairs, (pair) => [...pair]);
  }

  keys() {
    return pairIterator("FormData", () => this.#pairs, (pair) => pair[0]);
  }

  values() {
    return pairIterator("FormData", () => this.#pairs, (pair) => pair[1]);
  }
}

expose(FormData);
makeIterable(FormData);

const formPair = (name, value, filename, isNamed) => {
  const key = toUSV(name);
  if (!(value instanceof Blob)) {
    if (isNamed) {
      throw new TypeError(`Only a Blob or a File has a file name, not ${describe(value)}`);
    }
    return [key, toUSV(value)];
  }
  if (value instanceof File && !isNamed) return [key, value];
  const { type, lastModified } = value;
  return [key, new File([value], isNamed ? filename : "blob", { type, lastModified })];
};
