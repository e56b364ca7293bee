// Programs that use node:stream. node_streams.json has what each returns in Node 20.

import Stream, { Readable, Writable, Transform, Duplex, PassThrough, pipeline, finished } from "node:stream";
import { pipeline as pipe } from "node:stream/promises";
import { text } from "node:stream/consumers";
// Turns, not time: what a stream needs a turn for is done however slow the machine is.
const turn = () => new Promise((resolve) => setTimeout(resolve, 0));
const wait = async () => { for (let i = 0; i < 12; i += 1) await turn(); };

const CASES = {
  async from() { const out = []; for await (const c of Readable.from(["a", "b", 3])) out.push(c); return out; },
  async events() { const seen = []; const r = new Readable({ read() {} }); for (const n of ["data", "end", "close", "readable", "error", "pause", "resume"]) if (n !== "readable") r.on(n, (c) => seen.push([n, c && String(c)])); r.push("x"); r.push("yé"); r.push(null); await wait(); return [seen, r.readableEnded, r.destroyed]; },
  async readableMode() { const seen = []; const r = new Readable({ read() {} }); r.on("readable", () => { let c; while ((c = r.read()) !== null) seen.push(String(c)); }); r.on("end", () => seen.push("end")); r.push("x"); await wait(); r.push("y"); r.push("z"); r.push(null); await wait(); return seen; },
  async readN() { const r = new Readable({ read() {} }); r.push("abcdef"); r.push("gh"); r.push(null); await wait(); return [String(r.read(3)), String(r.read(4)), r.read(4) && "x", String(r.read())]; },
  async encoding() { const r = Readable.from([Buffer.from([0xe2, 0x82]), Buffer.from([0xac, 0x41])], { objectMode: false }); r.setEncoding("utf8"); const out = []; for await (const c of r) out.push(c); return out; },
  async backpressure() { const seen = []; const w = new Writable({ highWaterMark: 3, write(c, e, d) { seen.push("w" + c); setTimeout(d, 0); } }); w.on("drain", () => seen.push("drain")).on("finish", () => seen.push("finish")).on("close", () => seen.push("close")); const a = [w.write("ab"), w.write("cd"), w.write("e")]; await wait(); w.end("z", () => seen.push("cb")); await wait(); return [a, seen, w.writableFinished]; },
  async cork() { const seen = []; const w = new Writable({ write(c, e, d) { seen.push("one" + c); d(); }, writev(cs, d) { seen.push(cs.map((c) => String(c.chunk))); d(); } }); w.cork(); w.write("a"); w.write("b"); w.uncork(); w.write("c"); w.end(); await wait(); return seen; },
  async transform() { const t = new Transform({ transform(c, e, d) { d(null, String(c).toUpperCase()); }, flush(d) { d(null, "!"); } }); const out = []; t.on("data", (c) => out.push(String(c))); t.on("end", () => out.push("end")).on("finish", () => out.push("finish")).on("close", () => out.push("close")); t.write("a"); t.write("b"); t.end("c"); await wait(); return out; },
  async oldStyle() { function My(o) { Transform.call(this, o); } Object.setPrototypeOf(My.prototype, Transform.prototype); My.prototype._transform = function (c, e, d) { this.push(c); this.push(c); d(); }; const m = new My(); const p = text(m); m.end("ab"); return [await p, m instanceof Stream, m instanceof Writable, m instanceof Readable, new Readable() instanceof Writable]; },
  async pipeEvents() { const seen = []; const a = Readable.from(["x", "y"]), b = new PassThrough(); b.on("pipe", () => seen.push("pipe")).on("unpipe", () => seen.push("unpipe")).on("finish", () => seen.push("finish")); a.pipe(b); b.on("data", (d) => seen.push(String(d))); await wait(); return seen; },
  async pipelineOk() { return new Promise((resolve) => { const out = []; pipeline(Readable.from(["a", "b"]), async function* (src) { for await (const c of src) yield String(c) + "!"; }, new Writable({ objectMode: true, write(c, e, d) { out.push(String(c)); d(); } }), (err) => resolve([err ?? null, out])); }); },
  async pipelineError() { const a = Readable.from(["a"]), b = new Transform({ transform(c, e, d) { d(new Error("bad")); } }), c = new PassThrough(); const e = await pipe(a, b, c).catch((x) => x.message); return [e, a.destroyed, b.destroyed, c.destroyed]; },
  async pipelineValue() { return pipe(["a", "b"], async function (src) { let n = 0; for await (const c of src) n += c.length; return n; }); },
  async destroyError() { const seen = []; const r = new Readable({ read() {} }); r.on("error", (e) => seen.push(e.message)).on("close", () => seen.push("close")); r.destroy(new Error("x")); r.push("y"); await wait(); return [seen, r.errored.message, r.destroyed]; },
  async writeAfterEnd() { const seen = []; const w = new Writable({ write(c, e, d) { d(); } }); w.on("error", (e) => seen.push(e.code)); w.end("a"); w.write("b", (e) => seen.push("cb" + e.code)); await wait(); return seen; },
  async finishedCb() { const r = Readable.from(["a"]); const p = new Promise((res) => finished(r, (e) => res(e ?? "ok"))); r.resume(); const w = new Writable({ write(c, e, d) { d(); } }); const q = new Promise((res) => finished(w, (e) => res(e?.code ?? "ok"))); w.destroy(); return [await p, await q]; },
  async iterReturn() { const r = Readable.from(["a", "b", "c"]); for await (const c of r) { if (c === "a") break; } await wait(); return r.destroyed; },
  async duplex() { const seen = []; const d = new Duplex({ read() { this.push("r"); this.push(null); }, write(c, e, done) { seen.push("w" + c); done(); }, final(done) { seen.push("final"); done(); } }); d.on("data", (c) => seen.push("d" + c)).on("end", () => seen.push("end")).on("finish", () => seen.push("finish")).on("close", () => seen.push("close")); d.end("x"); await wait(); return seen.sort(); },
  async web() { const w = Readable.toWeb(Readable.from([Buffer.from("ab")])); const r = Readable.fromWeb(new Response("hello").body); return [await new Response(w).text(), await text(r)]; },
  async big() { let n = 0; const r = new Readable({ read(size) { n += 1; this.push(n > 200 ? null : Buffer.alloc(1000, n)); } }); let total = 0; const w = new Writable({ highWaterMark: 100, write(c, e, d) { total += c.length; setTimeout(d, 0); } }); await pipe(r, new PassThrough(), w); return total; },
  async objectMode() { const t = new Transform({ objectMode: true, transform(o, e, d) { d(null, { n: o.n + 1 }); } }); t.write({ n: 1 }); t.end({ n: 2 }); return t.toArray(); },
  async badChunk() { const w = new Writable({ write(c, e, d) { d(); } }); try { w.write(5); } catch (e) { return [e.code, e.message.slice(0, 30)]; } return null; },
  async construct() { const seen = []; const w = new Writable({ construct(d) { seen.push("c"); setTimeout(d, 0); }, write(c, e, d) { seen.push("w" + c); d(); } }); w.end("a"); await wait(); return seen; },
  async unshift() { const r = new Readable({ read() {} }); r.push("b"); r.unshift("a"); r.push(null); return text(r); },
  async pauseResume() { const seen = []; const r = Readable.from(["a", "b", "c"]); r.on("data", (c) => { seen.push(c); if (c === "a") { r.pause(); setTimeout(() => { seen.push("r"); r.resume(); }, 0); } }); await wait(); return [seen, r.isPaused()]; },
  async abort() { const c = new AbortController(); const p = pipe(new Readable({ read() {} }), new PassThrough(), { signal: c.signal }).catch((e) => [e.name, e.code]); c.abort(); return p; },
  async errorNoListener() { return typeof Stream === "function" && Stream.Readable === Readable && Stream.Stream === Stream; },
};
export const run = async () => {
  const found = {};
  for (const [name, work] of Object.entries(CASES)) {
    try {
      found[name] = await work();
    } catch (error) {
      found[name] = `threw ${error.message}`;
    }
  }
  return found;
};

export default async () => Response.json(await run());
