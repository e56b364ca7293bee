// Evaluates the prelude as the product does, and waits for promises as its event loop does.

import * as std from "qjs:std";
import { host } from "./host.js";

const source = std.loadFile("/prelude.js");
export const api = std.evalScript(source)(host);

// The product runs jobs until none is left before it looks at timers. Here a script cannot ask
// whether one is left: it lets this many rounds pass, each of which runs all jobs that were
// there when it began. A chain of more awaits than that would be taken for a promise that waits.
const ROUNDS = 10000;

const runJobs = async (isDone, progress) => {
  for (let round = 0, last; round < ROUNDS && !isDone(); round += 1) {
    if (progress() !== last) {
      last = progress();
      round = 0;
    }
    await undefined;
  }
};

export class NeverSettles extends Error {}

// `progress` gives a value that changes while a long run is getting on.
export const settle = async (promise, progress = () => 0) => {
  let outcome;
  promise.then(
    (value) => { outcome = { value }; },
    (error) => { outcome = { error }; },
  );
  for (;;) {
    await runJobs(() => outcome !== undefined, progress);
    if (outcome) break;
    const wait = api.nextTimer();
    if (wait < 0) throw new NeverSettles("The promise never settles: no timer is pending");
    host.sleep(wait);
    api.runTimer();
  }
  if ("error" in outcome) throw outcome.error;
  return outcome.value;
};
