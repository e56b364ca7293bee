//// zod@4.6.7
import { z } from "zod";
const User = z.object({ name: z.string().min(2), email: z.email(), age: z.coerce.number().int().optional(), tags: z.array(z.enum(["a", "b"])).default([]) });
export default () => [User.parse({ name: "Ann", email: "a@b.co", age: "7" }), User.safeParse({ name: "x", email: "no" }).error.issues, z.toJSONSchema(User).required];

//// ajv@8.20.0 ajv-formats@3.0.1
import Ajv from "ajv";
import addFormats from "ajv-formats";
const ajv = addFormats(new Ajv({ allErrors: true }));
const validate = ajv.compile({ type: "object", properties: { id: { type: "integer", minimum: 1 }, mail: { type: "string", format: "email" } }, required: ["id"], additionalProperties: false });
export default () => [validate({ id: 1, mail: "a@b.co" }), validate({ id: 0, mail: "x", y: 1 }), validate.errors];

//// @sinclair/typebox@0.34.52
import { Type } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
const T = Type.Object({ x: Type.Number(), y: Type.Optional(Type.Array(Type.String())) });
export default () => [Value.Check(T, { x: 1 }), [...Value.Errors(T, { x: "1" })].map(({ path, message }) => [path, message]), Value.Create(T)];

//// yup@1.7.1
import * as yup from "yup";
const schema = yup.object({ name: yup.string().required(), age: yup.number().positive().integer(), on: yup.date().default(() => new Date(0)) });
export default async () => [await schema.validate({ name: "a", age: "4" }), await schema.validate({ age: -1 }, { abortEarly: false }).catch((e) => e.errors)];

//// joi@18.3.2
import Joi from "joi";
const schema = Joi.object({ name: Joi.string().alphanum().min(3).required(), year: Joi.number().integer().max(2013), mail: Joi.string().email({ tlds: false }) });
export default () => [schema.validate({ name: "abc", year: "1999" }), schema.validate({ name: "a!", year: 3000 }, { abortEarly: false }).error.details.map((d) => d.message)];

//// valibot@1.5.0
import * as v from "valibot";
const Login = v.object({ email: v.pipe(v.string(), v.email()), n: v.optional(v.pipe(v.number(), v.minValue(3)), 5) });
export default () => [v.parse(Login, { email: "a@b.co" }), v.safeParse(Login, { email: "x", n: 1 }).issues.map((issue) => issue.message)];

//// superstruct@2.0.2
import { array, assert, defaulted, is, number, object, string, create } from "superstruct";
const Article = object({ id: number(), tags: array(string()), author: defaulted(string(), "nobody") });
export default () => { try { assert({ id: "1", tags: [] }, Article); } catch (error) { return [error.message, is({ id: 1, tags: [], author: "x" }, Article), create({ id: 2, tags: ["a"] }, Article)]; } return null; };

//// arktype@2.2.10
import { type } from "arktype";
const user = type({ name: "string > 1", "age?": "number.integer >= 0", role: "'admin' | 'user'" });
export default () => [user({ name: "Ann", age: 3, role: "user" }), user({ name: "A", role: "x" }).summary];

//// effect@4.1.0
import { Effect, Option, pipe } from "effect";
export default async () => [await Effect.runPromise(Effect.all([Effect.succeed(1), Effect.map(Effect.succeed(2), (n) => n * 2)])), Effect.runSync(pipe(Effect.fail("no"), Effect.catch(() => Effect.succeed("yes")))), Option.getOrElse(Option.none(), () => 7)];

//// validator@13.15.35
import validator from "validator";
export default () => [validator.isEmail("a@b.co"), validator.isURL("http://x"), validator.isIBAN("GB82WEST12345698765432"), validator.escape("<a>"), validator.isMobilePhone("+41791234567", "de-CH"), validator.isISO8601("2020-02-30", { strict: true })];

//// ipaddr.js@2.5.0
import ipaddr from "ipaddr.js";
export default () => [ipaddr.parse("2001:db8::1").toNormalizedString(), ipaddr.parse("10.1.2.3").match(ipaddr.parseCIDR("10.0.0.0/8")), ipaddr.parse("192.168.1.1").range(), ipaddr.process("::ffff:1.2.3.4").toString()];

//// psl@1.15.0
import psl from "psl";
export default () => [psl.parse("a.b.example.co.uk"), psl.get("x.github.io"), psl.isValid("com")];

//// tldts@7.6.0
import { parse } from "tldts";
export default () => [parse("https://user@spark-public.s3.amazonaws.com:80/x"), parse("http://192.168.0.1/").isIp];

//// semver@7.8.6
import semver from "semver";
export default () => [semver.satisfies("1.2.3", "1.x || >=2.5.0"), semver.inc("1.2.3-beta.1", "prerelease"), semver.sort(["1.10.0", "1.9.0", "1.10.0-a"]), semver.coerce("v3.4 b").version, semver.minVersion("^0.3").version];

//// minimatch@11.0.9
import { minimatch } from "minimatch";
export default () => [minimatch("bar.foo", "*.foo"), minimatch("a/b/c.js", "a/**/*.{js,ts}"), minimatch(".hid", "*")];

//// picomatch@4.0.7
import picomatch from "picomatch";
export default () => [picomatch(["src/**/*.js", "!**/x.js"])("src/a/b.js"), picomatch.scan("!./foo/*.{a,b}"), picomatch.makeRe("@(a|b)*.txt").source];

//// micromatch@4.0.8
import micromatch from "micromatch";
export default () => [micromatch(["foo", "bar", "baz.js"], ["b*", "!*.js"]), micromatch.capture("test/*.js", "test/foo.js"), micromatch.braces("{1..3}x", { expand: true })];

//// brace-expansion@5.1.0
import { expand } from "brace-expansion";
export default () => [expand("a{b,c{d,e}}{01..03}"), expand("{z..w..2}")];

//// ignore@7.0.17
import ignore from "ignore";
export default () => ignore().add([".abc/*", "!.abc/d/", "*.log"]).filter([".abc/a.js", ".abc/d/e.js", "x.log", "y"]);
