//// debug@4.4.3
import debug from "debug";
export default () => { const lines = []; const log = debug("app:x"); log.log = (...args) => lines.push(args.length > 0); debug.enable("app:*,-app:y"); log("hi %d", 1); return [lines.length, debug.enabled("app:z"), debug("app:y").enabled, debug.disable()]; };

//// events@3.3.0
import EventEmitter from "events";
export default () => { const e = new EventEmitter(), seen = []; e.once("a", (...args) => seen.push(args)); e.on("error", (error) => seen.push(error.message)); e.emit("a", 1, 2); e.emit("a", 3); e.emit("error", new Error("x")); return [seen, e.listenerCount("a"), e.eventNames()]; };

//// eventemitter3@5.0.4
import { EventEmitter } from "eventemitter3";
export default () => { const e = new EventEmitter(), seen = []; e.on("a", function (x) { seen.push(this.k + x); }, { k: 1 }); e.once("a", () => seen.push("once")); e.emit("a", 1); e.emit("a", 2); return [seen, e.listenerCount("a")]; };

//// mitt@3.0.1
import mitt from "mitt";
export default () => { const e = mitt(), seen = []; e.on("*", (type, x) => seen.push([type, x])); e.emit("a", { b: 1 }); return seen; };

//// nanoevents@9.1.0
import { createNanoEvents } from "nanoevents";
export default () => { const e = createNanoEvents(), seen = []; const off = e.on("t", (n) => seen.push(n)); e.emit("t", 1); off(); e.emit("t", 2); return seen; };

//// rxjs@7.8.2
import { delay, filter, firstValueFrom, from, interval, map, mergeMap, of, scan, take, toArray } from "rxjs";
export default async () => [await firstValueFrom(from([1, 2, 3, 4]).pipe(filter((n) => n % 2 === 0), scan((a, b) => a + b, 0), toArray())), await firstValueFrom(interval(2).pipe(take(3), mergeMap((n) => of(n).pipe(delay(1))), map((n) => n * 2), toArray()))];

//// async@3.2.6
import async from "async";
export default async () => [await async.mapLimit([1, 2, 3], 2, async (n) => n * 2), await new Promise((resolve) => async.series([(cb) => setTimeout(cb, 2, null, "a"), (cb) => cb(null, "b")], (_, results) => resolve(results))), await async.waterfall([(cb) => cb(null, 1), (n, cb) => cb(null, n + 1)])];

//// bluebird@3.7.2
import Bluebird from "bluebird";
export default async () => [await Bluebird.map([1, 2, 3], (n) => Bluebird.delay(1).then(() => n * 2), { concurrency: 2 }), await Bluebird.props({ a: Bluebird.resolve(1), b: 2 }), await Bluebird.reject(new RangeError("x")).catch(RangeError, (e) => e.message), await Bluebird.promisify((a, cb) => cb(null, a + 1))(1)];

//// p-limit@7.3.3
import pLimit from "p-limit";
export default async () => { let running = 0, most = 0; const limit = pLimit(2); const got = await Promise.all([1, 2, 3, 4].map((n) => limit(async () => { most = Math.max(most, ++running); await new Promise((r) => setTimeout(r, 1)); running--; return n; }))); return [got, most, limit.activeCount]; };

//// p-map@7.1.1
import pMap from "p-map";
export default async () => [await pMap([1, 2, 3], async (n) => n * 2, { concurrency: 2 }), await pMap([1], async () => { throw new Error("no"); }, { stopOnError: false }).catch((e) => e.name)];

//// p-queue@9.3.5
import PQueue from "p-queue";
export default async () => { const q = new PQueue({ concurrency: 1 }), seen = []; q.add(async () => seen.push("low"), { priority: 0 }); q.add(async () => seen.push("b"), { priority: 1 }); q.add(async () => seen.push("c"), { priority: 5 }); await q.onIdle(); return [seen, q.size]; };

//// p-retry@7.1.1
import pRetry, { AbortError } from "p-retry";
export default async () => { let n = 0; return [await pRetry(async () => { n += 1; if (n < 3) throw new Error("again"); return n; }, { minTimeout: 1, retries: 4 }), await pRetry(async () => { throw new AbortError("stop"); }).catch((e) => e.message)]; };

//// retry@0.13.1
import retry from "retry";
export default () => new Promise((resolve) => { const op = retry.operation({ retries: 3, minTimeout: 1, maxTimeout: 2 }); op.attempt((n) => { if (op.retry(n < 3 ? new Error("x") : null)) return; resolve([n, op.errors().length, retry.timeouts({ retries: 3, factor: 2 })]); }); });

//// lru-cache@11.5.3
import { LRUCache } from "lru-cache";
export default () => { const gone = [], c = new LRUCache({ max: 2, dispose: (value, key) => gone.push([key, value]) }); c.set("a", 1).set("b", 2); c.get("a"); c.set("c", 3); return [[...c.keys()], gone, c.has("b"), c.dump().map(([k]) => k)]; };

//// keyv@5.6.0
import { Keyv } from "keyv";
export default async () => { const k = new Keyv({ namespace: "n" }); await k.set("a", { b: [1] }, 1000); return [await k.get("a"), await k.delete("a"), await k.get("a")]; };

//// redux@5.0.1
import { combineReducers, createStore, applyMiddleware } from "redux";
export default () => { const seen = []; const store = createStore(combineReducers({ n: (n = 0, { type }) => (type === "inc" ? n + 1 : n) }), applyMiddleware(() => (next) => (action) => { seen.push(action.type); return next(action); })); store.dispatch({ type: "inc" }); return [store.getState(), seen]; };

//// zustand@5.1.0
import { createStore } from "zustand/vanilla";
export default () => { const store = createStore((set) => ({ n: 1, inc: () => set((s) => ({ n: s.n + 1 })) })), seen = []; store.subscribe((s, p) => seen.push([p.n, s.n])); store.getState().inc(); return [store.getState().n, seen]; };

//// xstate@5.33.3
import { assign, createActor, createMachine } from "xstate";
export default () => { const seen = []; const actor = createActor(createMachine({ initial: "off", context: { n: 0 }, states: { off: { on: { GO: "on" } }, on: { entry: assign({ n: ({ context }) => context.n + 1 }), on: { GO: "off" } } } })); actor.subscribe((s) => seen.push([s.value, s.context.n])); actor.start(); actor.send({ type: "GO" }); actor.send({ type: "GO" }); return seen; };

//// readable-stream@4.8.0
import { PassThrough, Readable, Transform, pipeline } from "readable-stream";
export default () => new Promise((resolve, reject) => { const chunks = []; const up = new Transform({ transform(chunk, _, done) { done(null, String(chunk).toUpperCase()); } }); pipeline(Readable.from(["a", "b", "cé"]), up, new PassThrough(), (error) => (error ? reject(error) : resolve(chunks.join("|")))).on("data", (chunk) => chunks.push(chunk.toString())); });

//// through2@5.0.12
import through from "through2";
export default () => new Promise((resolve) => { const seen = []; const t = through.obj(function (chunk, _, done) { this.push({ n: chunk.n * 2 }); done(); }); t.on("data", (chunk) => seen.push(chunk)); t.on("end", () => resolve(seen)); t.write({ n: 1 }); t.write({ n: 2 }); t.end(); });

//// get-stream@9.0.1
import getStream, { getStreamAsBuffer } from "get-stream";
export default async () => [await getStream(new Response("hé").body), (await getStreamAsBuffer(new Blob(["abc"]).stream())).toString("hex")];

//// busboy@1.6.0
import busboy from "busboy";
export default () => new Promise((resolve, reject) => { const seen = []; const bb = busboy({ headers: { "content-type": "multipart/form-data; boundary=X" } }); bb.on("field", (name, value) => seen.push([name, value])); bb.on("file", (name, stream, info) => { stream.on("data", (d) => seen.push([name, info.filename, String(d)])); }); bb.on("close", () => resolve(seen)); bb.on("error", reject); bb.end('--X\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--X\r\nContent-Disposition: form-data; name="f"; filename="t.txt"\r\nContent-Type: text/plain\r\n\r\nhello\r\n--X--\r\n'); });

//// util@0.12.5
import util from "util";
export default () => [util.format("%s %d %j %%", "a", 1.5, { b: 1 }), util.inspect({ a: [1, { b: new Map() }] }, { depth: 0 }).length > 0, util.types.isDate(new Date()), util.inherits.length];

//// inherits@2.0.4
import inherits from "inherits";
export default () => { function A() {} A.prototype.hi = () => "hi"; function B() {} inherits(B, A); return [new B().hi(), new B() instanceof A, B.super_ === A]; };

//// pino@10.4.0
import pino from "pino";
export default () => { const lines = []; const log = pino({ base: null, timestamp: false, level: "debug", browser: { asObject: true, write: (o) => lines.push([o.level, o.msg]) } }, { write: (line) => { const o = JSON.parse(line); lines.push([o.level, o.msg]); } }); log.info("hello %s", "x"); log.child({ a: 1 }).error("bad"); return lines; };

//// process-nextick-args@2.0.1
import { nextTick } from "process-nextick-args";
export default () => new Promise((resolve) => { const seen = []; nextTick((a, b) => seen.push(a + b), 1, 2); Promise.resolve().then(() => seen.push("then")); setTimeout(() => resolve(seen), 2); });
