import { equal, test, throws } from "/guest/check.js";

test("names are compared without case, values are combined, iteration is sorted", () => {
  const headers = new Headers([["X-B", "2"], ["x-a", "1"], ["x-b", "3"]]);
  equal([...headers], [["x-a", "1"], ["x-b", "2, 3"]]);
  equal([headers.get("X-B"), headers.has("x-B"), headers.get("none")], ["2, 3", true, null]);
});

test("Headers come from records, pairs and Headers", () => {
  const first = new Headers({ a: "1", b: 2 });
  equal([...new Headers(first)], [["a", "1"], ["b", "2"]]);
  equal([...new Headers([["a", "1"]])], [["a", "1"]]);
  equal([...new Headers(undefined)], []);
  throws(() => new Headers([["a"]]), "TypeError", "pairs of a name and a value");
  throws(() => new Headers("a: 1"), "TypeError", 'but got "a: 1"');
  throws(() => new Headers(null), "TypeError", "but got null");
});

test("set-cookie is never joined in iteration", () => {
  const headers = new Headers([["set-cookie", "b=2"], ["a", "1"], ["Set-Cookie", "a=1"]]);
  equal([...headers], [["a", "1"], ["set-cookie", "b=2"], ["set-cookie", "a=1"]]);
  equal(headers.getSetCookie(), ["b=2", "a=1"]);
  equal(headers.get("set-cookie"), "b=2, a=1");
});

test("set replaces all values at the place of the first, delete removes them", () => {
  const headers = new Headers([["a", "1"], ["b", "2"], ["a", "3"]]);
  headers.set("A", "4");
  equal([...headers], [["a", "4"], ["b", "2"]]);
  headers.delete("a");
  equal([...headers.keys()], ["b"]);
  equal([...headers.values()], ["2"]);
});

test("wrong names and values are refused", () => {
  const headers = new Headers();
  throws(() => headers.append("a b", "1"), "TypeError", 'Invalid header name "a b"');
  throws(() => headers.append("", "1"), "TypeError", "HTTP token");
  throws(() => headers.append("a", "1\n2"), "TypeError", "line break or a NUL");
  throws(() => headers.append("a", "€"), "TypeError", "U+00FF");
  throws(() => headers.get("é"), "TypeError", "Invalid header name");
  throws(() => headers.append("a"), "TypeError", "needs 2 arguments");
});

test("space around values goes, Latin-1 inside stays", () => {
  const headers = new Headers({ a: " \t caf\xe9 x\r\n" });
  equal(headers.get("a"), "caf\xe9 x");
  headers.append("b", "");
  equal(headers.get("b"), "");
});

test("forEach and an iterator see changes made on the way", () => {
  const headers = new Headers({ a: "1" });
  const seen = [];
  for (const [name] of headers) {
    seen.push(name);
    if (name === "a") headers.set("b", "2");
  }
  equal(seen, ["a", "b"]);
  const calls = [];
  headers.forEach(function each(value, name, all) { calls.push([this.x, value, name, all === headers]); }, { x: 1 });
  equal(calls, [[1, "1", "a", true], [1, "2", "b", true]]);
  equal(Object.prototype.toString.call(headers.entries()), "[object Headers Iterator]");
});
