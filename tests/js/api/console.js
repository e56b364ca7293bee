import { equal, ok, test } from "/guest/check.js";
import { host, logged } from "/guest/host.js";

const said = (run) => {
  logged.length = 0;
  run();
  return logged.map(([level, text]) => `${level}: ${text}`);
};

test("each method logs at its level", () => {
  equal(said(() => {
    console.debug("a");
    console.log("b");
    console.info("c");
    console.warn("d");
    console.error("e");
  }), ["debug: a", "info: b", "info: c", "warn: d", "error: e"]);
});

test("values are shown short and whole", () => {
  const cyclic = { name: "x" };
  cyclic.self = cyclic;
  class Point { x = 1; }
  const shown = [
    [["text", 1, -0, 2n, null, undefined, Symbol("s")], "text 1 -0 2n null undefined Symbol(s)"],
    [[{ a: 1, "b-c": "d", e: [1, "2"] }], '{ a: 1, "b-c": "d", e: [1, "2"] }'],
    [[[], {}, new Point(), Object.create(null)], "[] {} Point { x: 1 } [no prototype] {}"],
    [[new Map([["a", { b: 1 }]]), new Set([1])], 'Map(1) { "a" => { b: 1 } } Set(1) { 1 }'],
    [[new Date(0), /a/g, () => {}, Point], "1970-01-01T00:00:00.000Z /a/g [Function (anonymous)] [class Point]"],
    [[new Uint8Array(3), new ArrayBuffer(2)], "Uint8Array(3) [0, 0, 0] ArrayBuffer(2)"],
    [[new Headers({ a: "1" }), new URL("http://a/")], 'Headers { "a" => "1" } URL "http://a/"'],
    [[cyclic], '{ name: "x", self: [Circular] }'],
    [[{ a: { b: { c: { d: { e: 1 } } } } }], "{ a: { b: { c: { d: [Object] } } } }"],
    [[{ get a() { throw new Error(); } }], "{ a: [Getter] }"],
    [[new Proxy({}, { ownKeys() { throw new Error("no"); } })], '[Object that cannot be read: "Error: no"]'],
  ];
  for (const [values, wanted] of shown) equal(said(() => console.log(...values)), [`info: ${wanted}`]);
});

test("long things are cut", () => {
  const [line] = said(() => console.log(new Array(1000).fill(7)));
  ok(line.endsWith("  … 900 more\n]"), "the end of a cut array");
  ok(said(() => console.log({ a: "x".repeat(20_000) }))[0].length < 10_100);
});

test("errors come with stack and cause", () => {
  const [line] = said(() => console.error(new TypeError("outer", { cause: new Error("inner") })));
  ok(line.startsWith("error: TypeError: outer\n    at "), "a stack");
  ok(line.includes("cause: Error: inner"), "a cause");
});

test("format specifiers", () => {
  equal(said(() => {
    console.log("%s is %d%% of %i and %f, %j, %o%c.", "x", "12", 3.9, "1.5", { a: 1 }, [1], "css");
    console.log("%s", "a", "b");
    console.log("%d");
    console.log("100%");
  }), ['info: x is 12% of 3 and 1.5, {"a":1}, [1].', "info: a b", "info: %d", "info: 100%"]);
});

test("assert, count, group, time and trace", () => {
  equal(said(() => {
    console.assert(true, "no");
    console.assert(false, "why %s", "x");
    console.assert(false, { a: 1 });
    console.count();
    console.count();
    console.countReset();
    console.count();
    console.group("G");
    console.log("a\nb");
    console.groupEnd();
    console.time("t");
    host.sleep(7);
    console.timeEnd("t");
    console.timeEnd("t");
  }), ["error: Assertion failed: why x", "error: Assertion failed { a: 1 }", "info: default: 1",
    "info: default: 2", "info: default: 1", "info: G", "info:   a\n  b", "info: t: 7 ms",
    'warn: There is no timer "t"']);
  ok(said(() => console.trace("here"))[0].startsWith("info: Trace: here\n    at "), "a stack");
});

test("table", () => {
  equal(said(() => console.table([{ a: 1, b: "x" }, { a: 22 }])), [
    'info: (index) | a  | b\n--------+----+----\n0       | 1  | "x"\n1       | 22 |',
  ]);
  equal(said(() => console.table("text")), ["info: text"]);
});
