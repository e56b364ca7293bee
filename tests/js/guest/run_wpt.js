// Runs one web platform test, named by the last argument as a path below /wpt, with the suite's
// own harness, and prints {status, results: [[name, passed, message]]} as JSON.

import * as std from "qjs:std";
import { host } from "./host.js";
import { NeverSettles, settle } from "./api.js";
import "./file_reader.js";

const path = scriptArgs.at(-1);
const folder = path.slice(0, path.lastIndexOf("/"));

const load = (name) => {
  const file = name.startsWith("/") ? `/wpt${name}` : `/wpt/${folder}/${name}`;
  const text = std.loadFile(file);
  if (text === null) throw new Error(`there is no ${file}`);
  return text;
};

const evaluate = (text) => std.evalScript(text, { async: false });

// Tests fetch their data, from files of the suite.
globalThis.fetch = async (name) => new Response(load(name));
globalThis.GLOBAL = { isWindow: () => false, isWorker: () => true, isShadowRealm: () => false };

globalThis.location = { href: "http://web-platform.test/", pathname: `/${path}` };

evaluate(load("/resources/testharness.js"));
setup({ explicit_timeout: true });

let finished = 0;
add_result_callback(() => { finished += 1; });

const completed = new Promise((resolve) => {
  add_completion_callback((tests, status) => {
    const results = tests.map((test) => [test.name, test.status === test.PASS, test.message]);
    resolve({ status: status.status, message: status.message, results });
  });
});

// Tests that wait for what is not there (a message, a worker) count as failed.
const endHarness = (error) => {
  if (!(error instanceof NeverSettles)) throw error;
  timeout();
  return settle(completed);
};

host.sleep(10); // some tests want a clock that has run for a while
const source = load(`/${path}`);
for (const [, name] of source.matchAll(/^\/\/ META: script=(.*)$/gm)) evaluate(load(name));
evaluate(source);
globalThis.done?.();
std.out.puts(`${JSON.stringify(await settle(completed, () => finished).catch(endHarness))}\n`);
std.out.flush();
