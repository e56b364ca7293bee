// Sends forms through bodies and back. The file named by the last argument has a list of forms, each
// a list of [name, text] or [name, text, file name]; texts are arrays of code units, since JSON in
// UTF-8 has no lone surrogates. What came back is printed alike, a file's content in hex.

import * as std from "qjs:std";
import { settle } from "./api.js";

const textOf = (units) => String.fromCharCode(...units);
const unitsOf = (text) => Array.from({ length: text.length }, (_, i) => text.charCodeAt(i));

const roundTrip = async (entries) => {
  const sent = new FormData();
  for (const [name, content, filename] of entries) {
    const texts = [name, content].map(textOf);
    if (filename === undefined) sent.append(...texts);
    else sent.append(texts[0], new File([texts[1]], textOf(filename)));
  }
  const found = [];
  for (const [name, value] of await new Response(sent).formData()) {
    const rest = typeof value === "string"
      ? [unitsOf(value)]
      : [(await value.bytes()).toHex(), unitsOf(value.name)];
    found.push([unitsOf(name), ...rest]);
  }
  return found;
};

const forms = JSON.parse(std.loadFile(scriptArgs.at(-1)));
const results = [];
for (const entries of forms) results.push(await settle(roundTrip(entries)));
std.out.puts(`${JSON.stringify(results)}\n`);
std.out.flush();
