// Runs one file of ../api, named by the last argument, and prints what came of it as JSON.

import * as std from "qjs:std";
import { runTests } from "./check.js";

await import(`/api/${scriptArgs.at(-1)}`);
std.out.puts(`${JSON.stringify(await runTests())}\n`);
std.out.flush();
