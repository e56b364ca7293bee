// The entry module of a build of QuickJS that can be entered in one place only: `qjs_init_argv`
// evaluates this file for every request, and this evaluates the rest.
//
// The host's first answer to `receive` makes `qjs:os` and its like impossible to import; what is
// needed of them is taken before.
const { read, write, setReadHandler } = os;
const { evalScript, loadFile } = std;
const Turn = Promise;
const queue = queueMicrotask;

const TASK = 20, ANSWER = 21;
const COMPILE = 0, LOAD = 1, RESPOND = 2;
const PENDING = '{"pending":true}';
const TURNS = 32; // as many are cheaper than one look whether promises have jobs
const BUILT_IN = ["std", "os", "bjson"];
const PREFIXES = [["qjs"], []]; // apart: what hides the modules blanks such names in this file too
const LANGUAGE = [
  "globalThis", "undefined", "eval", "parseInt", "parseFloat", "isNaN", "isFinite",
  "decodeURI", "decodeURIComponent", "encodeURI", "encodeURIComponent", "escape", "unescape",
  "queueMicrotask", "performance", "atob", "btoa",
];

const receive = (count) => {
  const buffer = new ArrayBuffer(count);
  for (let at = 0; at < count;) at += read(TASK, buffer, at, count - at);
  return buffer;
};

const reachable = async (name) => {
  try {
    await import(name);
    return true;
  } catch {
    return false;
  }
};

// Bootstrap and prelude as bytecode: to compile them takes far longer than to read that.
const compile = (file) => {
  const script = evalScript(loadFile(file), { compile_only: true });
  const flags = bjson.WRITE_OBJ_BYTECODE | bjson.WRITE_OBJ_STRIP_SOURCE;
  const code = bjson.write(script, flags);
  write(ANSWER, code, 0, code.byteLength);
};

const install = (code) => {
  const script = bjson.read(code, 0, code.byteLength, bjson.READ_OBJ_BYTECODE);
  const [bootstrap, prelude] = evalScript(script, { eval_function: true });
  // What has a small first letter and is not the language's is the `qjs` program's.
  for (const name of Object.getOwnPropertyNames(globalThis)) {
    if (!/^[A-Z]/.test(name) && !LANGUAGE.includes(name)) delete globalThis[name];
  }
  const nexus = bootstrap(read, write);
  nexus.install(prelude);
  return nexus;
};

// Whether no promise has a job left. A descriptor that is ready has its handler called when QuickJS
// looks: at once, then after each job (or, by its version, only when there is none). So where the
// first job to run is the one queued here, it was the only one.
const idle = () => new Turn((resolve) => {
  let ran = false, looks = 0;
  queue(() => { ran = true; });
  setReadHandler(TASK, () => {
    looks += 1;
    if (!ran && looks < 2) return;
    setReadHandler(TASK, null);
    resolve(ran);
  });
});

// What `state` comes to; the host, which is told, sleeps where only a timer is left.
const settle = async (nexus, state) => {
  for (let turns = TURNS; ; turns *= 2) {
    for (let turn = 0; turn < turns; turn++) await null; // and promises' jobs run
    const text = state();
    const waits = text[2] === "w"; // {"wait": …}
    if ((waits || text === PENDING) && !await idle()) continue;
    nexus.tell(ANSWER, text);
    if (!waits) return text;
    nexus.wake();
    turns = TURNS / 2;
  }
};

const load = (nexus) => {
  let loaded;
  (async () => {
    try {
      // Not the handler's own namespace: that may have a `then`.
      const { handler } = await import("nexus:handler");
      loaded = nexus.adopt(handler.default) ? '{"loaded":true}' : '{"loaded":false}';
    } catch (error) {
      loaded = `{"error":${nexus.describe(error)}}`;
    }
  })();
  return settle(nexus, () => loaded ?? nexus.unsettled());
};

const run = async (task, code, text, body) => {
  const nexus = install(code);
  const given = text.byteLength ? JSON.parse(new TextDecoder().decode(text)) : null;
  if (task === LOAD) {
    const names = PREFIXES.flatMap((prefix) => BUILT_IN.map((name) => [...prefix, name].join(":")));
    for (const name of names) {
      if (await reachable(name)) return nexus.tell(ANSWER, `{"reachable":"${name}"}`);
    }
  }
  if (await load(nexus) !== '{"loaded":true}' || task === LOAD) return;
  nexus.seal();
  if (task === RESPOND) {
    nexus.respond(given, body.byteLength ? new Uint8Array(body) : undefined);
    await settle(nexus, nexus.result);
  } else {
    nexus.evaluate(given);
    await settle(nexus, nexus.value);
  }
};

const [task, ...sizes] = new Uint32Array(receive(16));
if (task === COMPILE) compile("nexus:web");
else await run(task, ...sizes.map(receive));
