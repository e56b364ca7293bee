import { equal, ok, rejects, test, throws } from "/guest/check.js";
import { api } from "/guest/api.js";
import { host, logged } from "/guest/host.js";

const sleep = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

test("timers run by their time, then by the order they were set; microtasks come first", async () => {
  const order = [];
  setTimeout(() => order.push("20"), 20);
  setTimeout(() => order.push("0a"), 0);
  setTimeout(() => order.push("10"), 10);
  setTimeout((...args) => order.push(...args), 0, "0b", "0c");
  setTimeout(() => order.push("-5"), -5);
  queueMicrotask(() => order.push("micro"));
  Promise.resolve().then(() => order.push("promise"));
  order.push("sync");
  await sleep(30);
  equal(order, ["sync", "micro", "promise", "0a", "0b", "0c", "-5", "10", "20"]);
});

test("a wait takes as long as it says", async () => {
  const begin = host.now();
  await sleep(250);
  equal(host.now() - begin, 250);
});

test("intervals go on until they are cleared, also from inside", async () => {
  const times = [];
  const begin = host.now();
  const id = setInterval(() => {
    times.push(host.now() - begin);
    if (times.length === 3) clearInterval(id);
  }, 10);
  await sleep(100);
  equal(times, [10, 20, 30]);
  equal(api.nextTimer(), -1);
});

test("a cleared timer does not run; unknown ids do nothing", async () => {
  let ran = false;
  clearTimeout(setTimeout(() => { ran = true; }, 1));
  clearTimeout();
  clearInterval(12345);
  await sleep(5);
  equal(ran, false);
});

test("timers nested deeper than five wait at least 4 ms", async () => {
  const begin = host.now();
  await new Promise((resolve) => {
    let depth = 0;
    const again = () => (++depth === 8 ? resolve() : setTimeout(again, 0));
    setTimeout(again, 0);
  });
  equal(host.now() - begin, 8);
});

test("an error in a timer goes to the log, and the next timer runs", async () => {
  setTimeout(() => { throw new Error("in a timer"); }, 1);
  await sleep(2);
  equal(logged.length, 1);
  ok(logged[0][0] === "error" && logged[0][1].startsWith("Uncaught Error: in a timer"));
  throws(() => setTimeout("code"), "TypeError", "needs a function");
});

test("AbortSignal.timeout aborts by the clock", async () => {
  const signal = AbortSignal.timeout(40);
  await sleep(39);
  equal(signal.aborted, false);
  await sleep(1);
  equal([signal.aborted, signal.reason.name], [true, "TimeoutError"]);
  throws(() => AbortSignal.timeout(-1), "TypeError");
  await rejects(sleep(1).then(() => signal.throwIfAborted()), "TimeoutError");
});

test("AbortSignal.any takes the first reason; onabort is called once", () => {
  const [a, b] = [new AbortController(), new AbortController()];
  const any = AbortSignal.any([a.signal, b.signal]);
  let calls = 0;
  any.onabort = () => { calls += 1; };
  b.abort("b");
  a.abort("a");
  equal([any.aborted, any.reason, calls], [true, "b", 1]);
  equal(AbortSignal.abort().reason.name, "AbortError");
});
