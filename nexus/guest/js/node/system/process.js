// node:process, as far as a request can have one. It does not claim to be Node: `versions.node` is
// missing, so that packages that ask for it take their way for the web.

import { EventEmitter } from "node:events";
import { internal } from "node:nexus/internal";

let seen, variables = {};

// The manifest's variables: they come with the request, as the handler's `env` does.
const currentEnv = () => {
  const given = internal.env();
  if (given !== seen) {
    seen = given;
    const texts = Object.entries(given ?? {}).filter(([, value]) => typeof value === "string");
    variables = Object.fromEntries(texts);
  }
  return variables;
};

const began = Date.now();
const nanoseconds = () => BigInt(Math.round((Date.now() - began) * 1e6));

const process = new EventEmitter();
Object.assign(process, {
  title: "nexus", version: "", versions: {}, platform: "linux", arch: "wasm32", pid: 1, ppid: 0,
  argv: ["nexus"], argv0: "nexus", execArgv: [], execPath: "", exitCode: undefined, release: {},
  features: {}, config: {}, browser: false,
  cwd: () => "/",
  umask: () => 0o22,
  uptime: () => (Date.now() - began) / 1000,
  nextTick: (callback, ...args) => queueMicrotask(() => callback(...args)),
  hrtime: Object.assign((since = [0, 0]) => {
    const now = nanoseconds() - (BigInt(since[0]) * 1_000_000_000n + BigInt(since[1]));
    return [Number(now / 1_000_000_000n), Number(now % 1_000_000_000n)];
  }, { bigint: nanoseconds }),
  memoryUsage: () => ({ rss: 0, heapTotal: 0, heapUsed: 0, external: 0, arrayBuffers: 0 }),
  emitWarning: (warning) => console.warn(String(warning)),
  exit(code) {
    throw new Error(`process.exit(${code ?? ""}) was called; a handler ends with its Response`);
  },
  stdout: { isTTY: false, write: (text) => (console.log(String(text).replace(/\n$/, "")), true) },
  stderr: { isTTY: false, write: (text) => (console.error(String(text).replace(/\n$/, "")), true) },
});
Object.defineProperty(process, "env", { get: currentEnv, enumerable: true, configurable: true });

export default process;
export const {
  title, version, versions, platform, arch, pid, argv, cwd, uptime, nextTick, hrtime, memoryUsage,
  emitWarning, exit, stdout, stderr,
} = process;

// A live view: what the module's importer sees follows the request.
export const env = new Proxy({}, {
  get: (_, name) => currentEnv()[name],
  has: (_, name) => name in currentEnv(),
  ownKeys: () => Reflect.ownKeys(currentEnv()),
  getOwnPropertyDescriptor: (_, name) => Object.getOwnPropertyDescriptor(currentEnv(), name),
  set: (_, name, value) => {
    currentEnv()[name] = String(value);
    return true;
  },
  deleteProperty: (_, name) => delete currentEnv()[name],
});
