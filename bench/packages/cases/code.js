//// acorn@8.19.0
import { parse, tokenizer } from "acorn";
export default () => [parse("const a = async (x) => await x ?? /r/v;", { ecmaVersion: "latest" }).body[0].declarations[0].init.type, [...tokenizer("a+1n", { ecmaVersion: 2022 })].map((t) => t.type.label)];

//// esprima@4.0.1
import esprima from "esprima";
export default () => [esprima.parseScript("var a = 42").body[0].declarations[0].init, esprima.tokenize("x => /y/g").length];

//// escodegen@2.1.0
import escodegen from "escodegen";
export default () => escodegen.generate({ type: "Program", body: [{ type: "ExpressionStatement", expression: { type: "BinaryExpression", operator: "+", left: { type: "Literal", value: 40 }, right: { type: "Identifier", name: "x" } } }] });

//// estraverse@5.3.0
import estraverse from "estraverse";
export default () => { const seen = []; estraverse.traverse({ type: "Program", body: [{ type: "ExpressionStatement", expression: { type: "Identifier", name: "a" } }] }, { enter: (node, parent) => { seen.push([node.type, parent?.type]); } }); return seen; };

//// magic-string@1.4.5
import MagicString from "magic-string";
export default () => { const s = new MagicString("problems = 99"); s.overwrite(0, 8, "answer").prepend("var ").append(";"); return [s.toString(), JSON.parse(s.generateMap({ source: "a.js", hires: true }).toString()).mappings]; };

//// source-map-js@1.2.4
import { SourceMapConsumer, SourceMapGenerator } from "source-map-js";
export default () => { const g = new SourceMapGenerator({ file: "out.js" }); g.addMapping({ generated: { line: 10, column: 35 }, source: "foo.js", original: { line: 33, column: 2 }, name: "n" }); return [g.toJSON(), new SourceMapConsumer(g.toJSON()).originalPositionFor({ line: 10, column: 36 })]; };

//// jsesc@3.1.0
import jsesc from "jsesc";
export default () => [jsesc("foo ♥ bar 𝌆"), jsesc({ a: new Map([["b", [1, "'"]]]) }, { compact: false, quotes: "double", es6: true })];

//// js-tokens@10.0.1
import jsTokens from "js-tokens";
export default () => Array.from(jsTokens("let x = `a${b}` / /re/g // c"), ({ type, value }) => [type, value]);

//// yargs-parser@22.0.0
import parser from "yargs-parser/browser";
export default () => parser("--foo=99 --no-bar -x 3 a.txt --list 1 --list 2 --a.b c", { array: ["list"], alias: { foo: ["f"] } });

//// minimist@1.2.8
import minimist from "minimist";
export default () => minimist(["-a", "beep", "-bc", "3", "--x.y=1", "--no-z", "--", "rest"], { string: ["a"] });

//// commander@14.0.3
import { Command } from "commander";
export default () => { let got; const program = new Command("x").exitOverride().option("-d, --debug").option("-n <n>", "a number", Number, 1).argument("<file>").action((file, options) => { got = { file, options }; }); program.parse(["-n", "5", "f.txt"], { from: "user" }); return [got, program.helpInformation()]; };

//// tslib@2.9.1
import { __awaiter, __decorate, __rest, __spreadArray, __values } from "tslib";
export default async () => [__rest({ a: 1, b: 2 }, ["a"]), __spreadArray([1], [2], false), [...{ [Symbol.iterator]: () => __values([3]) }], await __awaiter(null, [], Promise, function* () { return yield Promise.resolve(4); })];

//// core-js@3.51.0 core-js-pure@3.51.0
import "core-js/actual/array/group-by.js";
import "core-js/actual/iterator/index.js";
import structured from "core-js/actual/structured-clone.js";
import setOf from "core-js-pure/actual/set/index.js";
export default () => [[1, 2, 3].values().map((n) => n * 2).drop(1).toArray(), structured({ d: new Date(0), m: new Map([[1, 2]]) }).m.get(1), [...new setOf([1, 2]).union(new setOf([3]))]];

//// tsyringe@4.10.0 reflect-metadata@0.2.2
import "reflect-metadata";
import { container } from "tsyringe";
class Clock { now() { return 7; } }
class Service { constructor(clock) { this.clock = clock; } }
Reflect.defineMetadata("k", "v", Service, "p");
export default () => { container.register("Clock", { useClass: Clock }); container.register(Service, { useFactory: (c) => new Service(c.resolve("Clock")) }); return [container.resolve(Service).clock.now(), Reflect.getMetadata("k", Service, "p")]; };
