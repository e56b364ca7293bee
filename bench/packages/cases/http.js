//// hono@4.13.19
import { Hono } from "hono";
import { basicAuth } from "hono/basic-auth";
import { cors } from "hono/cors";
import { etag } from "hono/etag";
const app = new Hono();
app.use("/api/*", cors(), etag());
app.get("/api/:id{[0-9]+}", (c) => c.json({ id: c.req.param("id"), q: c.req.query("q") }));
app.use("/admin/*", basicAuth({ username: "u", password: "p" }));
app.post("/form", async (c) => c.text(JSON.stringify(await c.req.parseBody())));
app.notFound((c) => c.text("nothing", 404));
export default async () => {
  const got = [];
  for (const [path, init] of [["/api/7?q=x"], ["/admin/"], ["/form", { method: "POST", body: new URLSearchParams("a=1&b=2") }], ["/none"]]) {
    const response = await app.request(path, init);
    got.push([response.status, await response.text(), response.headers.get("etag"), response.headers.get("access-control-allow-origin")]);
  }
  return got;
};

//// itty-router@5.0.24
import { AutoRouter, error } from "itty-router";
const router = AutoRouter();
router.get("/hello/:name?", ({ name = "you", query }) => ({ name, query })).post("/x", async (request) => request.json()).get("/bad", () => error(418, "no"));
export default async () => Promise.all([["/hello/me?a=1"], ["/x", { method: "POST", body: "[1]" }], ["/bad"], ["/none"]].map(async ([path, init]) => { const r = await router.fetch(new Request(`http://a.b${path}`, init)); return [r.status, await r.json()]; }));

//// axios@1.21.1
import axios from "axios";
const adapter = async (config) => ({ data: '{"ok":true}', status: config.url === "/bad" ? 500 : 200, statusText: "", headers: { "content-type": "application/json" }, config });
export default async () => { const client = axios.create({ baseURL: "http://a.b/", adapter }); client.interceptors.request.use((config) => { config.headers.set("x-a", "1"); return config; }); const { data, config } = await client.post("/x", { a: 1 }, { params: { q: [1, 2] } }); return [data, config.data, config.headers.get("x-a"), config.headers.getContentType(), axios.getUri(config)]; };

//// path-to-regexp@9.0.0
import { compile, match, pathToRegexp } from "path-to-regexp";
export default () => [match("/user/:id{/*rest}")("/user/7/a/b"), compile("/a/:b")({ b: "x y" }), pathToRegexp("/:foo{.:ext}").regexp.source];

//// cookie@1.1.1
import { parseCookie, stringifySetCookie } from "cookie";
export default () => [parseCookie("a=1; b=%C3%A9; c=\"q\""), stringifySetCookie({ name: "s", value: "v w", httpOnly: true, maxAge: 60, sameSite: "lax", expires: new Date(0), path: "/" })];

//// tough-cookie@6.1.0
import { Cookie, CookieJar } from "tough-cookie";
export default async () => { const jar = new CookieJar(); await jar.setCookie("a=1; Path=/x; Domain=example.com; Secure", "https://www.example.com/"); await jar.setCookie("b=2", "https://www.example.com/"); return [await jar.getCookieString("https://www.example.com/x/y"), await jar.getCookieString("http://www.example.com/"), Cookie.parse("k=v; Max-Age=5; SameSite=Lax").toString()]; };

//// mime@4.1.2
import mime from "mime";
export default () => [mime.getType("a/b.html"), mime.getType("x.webp"), mime.getExtension("application/json; charset=utf-8")];

//// mime-types@3.0.2
import mime from "mime-types";
export default () => [mime.lookup("file.md"), mime.contentType("x.json"), mime.extension("image/jpeg"), mime.charset("text/css")];

//// negotiator@1.1.0
import Negotiator from "negotiator";
export default () => { const n = new Negotiator({ headers: { accept: "text/html, application/*;q=0.2, image/jpeg;q=0.8", "accept-language": "en;q=0.8, es, pt", "accept-encoding": "gzip, br;q=0.5" } }); return [n.mediaTypes(["image/jpeg", "application/json", "text/html"]), n.languages(), n.encodings()]; };

//// accepts@2.0.0
import accepts from "accepts";
export default () => { const a = accepts({ headers: { accept: "application/*;q=0.2, text/html", "accept-language": "de, en;q=0.5" } }); return [a.type(["json", "html"]), a.language(["en", "de"]), a.types(["png"])]; };

//// content-type@2.1.0
import { format, parse } from "content-type";
export default () => [parse("text/html; charset=\"utf-8\"; a=b"), format({ type: "image/svg+xml", parameters: { foo: "b r" } })];

//// content-disposition@2.0.1
import * as disposition from "content-disposition";
const { create = disposition.default, parse = disposition.default.parse } = disposition;
export default () => [create("€ rates.pdf"), parse("attachment; filename*=UTF-8''%e2%82%ac%20rates.txt; filename=\"x\"")];

//// type-is@2.1.0
import * as typeis from "type-is";
const is = typeis.typeIs?.is ?? typeis.is ?? typeis.default.is;
export default () => [is("text/html; charset=utf-8", ["html", "json"]), is("application/vnd.api+json", ["+json"]), is("image/png", ["video/*"])];

//// range-parser@1.3.0
import parse from "range-parser";
export default () => [parse(1000, "bytes=0-49,40-80,-1", { combine: true }), parse(10, "bytes=50-"), parse(10, "x")];

//// etag@1.8.1
import etag from "etag";
export default () => [etag("hello ☃"), etag(Buffer.from([1, 2, 3]), { weak: true })];

//// fresh@2.0.0
import fresh from "fresh";
export default () => [fresh({ "if-none-match": 'W/"foo"' }, { etag: '"foo"' }), fresh({ "if-modified-since": "Sat, 01 Jan 2000 00:00:00 GMT" }, { "last-modified": "Sun, 02 Jan 2000 00:00:00 GMT" })];

//// http-errors@2.0.1
import createError from "http-errors";
export default () => { const e = createError(404, "no such", { id: 7 }); return [e.status, e.message, e.expose, e.id, e instanceof createError.NotFound, new createError.ImATeapot().message, createError.isHttpError(e)]; };

//// statuses@2.0.2
import statuses from "statuses";
export default () => [statuses.message[418], statuses.code["not found"], statuses.redirect[302], statuses("403")];

//// url-parse@1.5.10
import Url from "url-parse";
export default () => { const url = new Url("https://u:p@example.com:8080/a/../b?x=1#h", true); url.set("port", "443").set("query", { y: [2] }); return [url.href, url.origin, new Url("../c", "http://a.b/d/e").href]; };

//// whatwg-url@16.0.1
import { URL as Own, parseURL, serializeURL } from "whatwg-url";
export default () => [new Own("../x?é#y", "http://münchen.de/a/b").href, serializeURL(parseURL("HTTP://1.2.3/%7e")), new Own("data:a b").pathname];

//// ua-parser-js@2.0.10
import { UAParser } from "ua-parser-js";
export default () => { const r = UAParser("Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 Mobile/15E148 Safari/604.1"); return [r.browser, r.os, r.device]; };

//// eventsource-parser@3.1.1
import { createParser } from "eventsource-parser";
export default () => { const seen = []; const parser = createParser({ onEvent: (event) => seen.push(event) }); parser.feed("id: 1\nevent: a\ndata: x\nda"); parser.feed("ta: y\n\n: note\ndata: z\n\n"); return seen; };

//// graphql@16.15.0
import { buildSchema, graphql, parse, print, validate } from "graphql";
const schema = buildSchema("type Query { hello(name: String = \"you\"): String!, list: [Item] } type Item { id: ID!, n: Int }");
const rootValue = { hello: ({ name }) => `hi ${name}`, list: async () => [{ id: "a", n: 1 }, { id: "b", n: "x" }] };
export default async () => [await graphql({ schema, source: "query($n: String) { hello(name: $n) list { id n } __typename }", rootValue, variableValues: { n: "me" } }), validate(schema, parse("{ nope }")).map((e) => e.message), print(parse("{a,b(c:1)}"))];

//// openai@6.49.0
import OpenAI from "openai";
const fetch = async (url, init) => new Response(`data: ${JSON.stringify({ choices: [{ delta: { content: "Hi" } }], url: String(url) })}\n\ndata: ${JSON.stringify({ body: JSON.parse(init.body).model })}\n\ndata: [DONE]\n\n`, { headers: { "content-type": "text/event-stream" } });
export default async () => { const client = new OpenAI({ apiKey: "k", fetch, dangerouslyAllowBrowser: true }), seen = []; for await (const chunk of await client.chat.completions.create({ model: "m", messages: [], stream: true })) seen.push(chunk); return seen; };

//// @anthropic-ai/sdk@1.14.0
import Anthropic from "@anthropic-ai/sdk";
const fetch = async (url, init) => Response.json({ url: String(url), sent: JSON.parse(init.body), key: new Headers(init.headers).get("x-api-key") });
export default async () => { const client = new Anthropic({ apiKey: "k", fetch, dangerouslyAllowBrowser: true }); return await client.messages.create({ model: "m", max_tokens: 5, messages: [{ role: "user", content: "hi" }] }); };

//// @supabase/supabase-js@2.109.0
import { createClient } from "@supabase/supabase-js";
const fetch = async (url, init) => Response.json([{ url: String(url), method: init.method }]);
export default async () => { const client = createClient("https://x.example.co", "key", { global: { fetch }, realtime: { transport: class {} }, auth: { persistSession: false, autoRefreshToken: false } }); const { data, error, status } = await client.from("t").select("a,b").eq("id", 7).order("a").limit(2); return { data, error, status }; };

//// cookie-signature@1.2.2
import { sign, unsign } from "cookie-signature";
export default () => [sign("hello", "tobiiscool"), unsign(sign("hello", "k"), "k"), unsign("hello.x", "k")];
