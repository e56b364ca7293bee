//// js-yaml@5.5.0
import * as yaml from "js-yaml";
export default () => [yaml.load("a: [1, 2.5, ~]\nb: &x {c: d}\ne: *x\nf: |\n  text\n  more\n"), yaml.dump({ when: new Date(0), list: ["x: y", true], n: null })];

//// yaml@2.9.1
import { parse, parseDocument, stringify } from "yaml";
export default () => [parse("- a\n- {b: 0x1f}\n- 'c'\n"), stringify({ a: { b: ["x", 1.5, "no"] } }), String(parseDocument("# note\nkey: value # end\n"))];

//// json5@2.2.3
import JSON5 from "json5";
export default () => [JSON5.parse("{a: 1, 'b': +.5, c: [1,], /* note */ d: 0xFF, e: 'line\\\nnext'}"), JSON5.stringify({ a: [1, "it's"] }, null, 1)];

//// jsonc-parser@3.3.1
import { applyEdits, modify, parse, parseTree } from "jsonc-parser";
export default () => {
  const text = '{ "a": 1, // note\n "b": [true,] }';
  return [parse(text), parseTree(text).children.length, applyEdits(text, modify(text, ["b", 0], false, {}))];
};

//// strip-json-comments@5.0.3
import strip from "strip-json-comments";
export default () => JSON.parse(strip('{"a": 1 /* x */, "b": "// no" // y\n}'));

//// ini@6.0.0
import { parse, stringify } from "ini";
export default () => [parse("a=1\n[s.t]\nb[]=x\nb[]=y\nc=true\n; note\n"), stringify({ top: 1, sect: { k: "v w", deep: { z: 2 } } })];

//// dotenv@18.0.10
import dotenv from "dotenv";
export default () => dotenv.parse("A=1\nB='two words'\n# note\nexport C=\"x\\ny\"\nD=a#b # c\n");

//// fast-xml-parser@5.12.1
import { XMLBuilder, XMLParser, XMLValidator } from "fast-xml-parser";
export default () => [
  new XMLParser({ ignoreAttributes: false }).parse('<?xml version="1.0"?><a b="1"><c>2</c><c>x &amp; y</c><![CDATA[z]]></a>'),
  new XMLBuilder({ format: true }).build({ a: { b: [1, 2] } }), XMLValidator.validate("<a><b></a>"),
];

//// xml2js@0.6.2
import xml2js from "xml2js";
export default async () => [await xml2js.parseStringPromise("<a x='1'><b>t</b><b/></a>"), new xml2js.Builder({ headless: true }).buildObject({ r: { $: { k: "v" }, i: ["1", "2"] } })];

//// sax@1.6.1
import sax from "sax";
export default () => {
  const parser = sax.parser(true), seen = [];
  parser.onopentag = ({ name, attributes }) => seen.push([name, attributes]);
  parser.ontext = (text) => seen.push(text);
  parser.write('<xml a="b">Hello, <who>&lt;world&gt;</who>!</xml>').close();
  return seen;
};

//// papaparse@5.7.1
import Papa from "papaparse";
export default () => [Papa.parse('a,b\n1,"x, ""y"""\n2,z\n', { header: true, dynamicTyping: true }).data, Papa.unparse([{ a: 1, b: "q\"r" }])];

//// csv-parse@7.0.3
import { parse } from "csv-parse/sync";
export default () => parse('id;name\n1;"Ann; B"\n2;Bo\n', { columns: true, delimiter: ";", cast: true });

//// csv-stringify@6.9.0
import { stringify } from "csv-stringify/sync";
export default () => stringify([{ a: 1, b: 'say "hi"' }, { a: null, b: "x,y" }], { header: true });

//// qs@6.17.1
import qs from "qs";
export default () => [qs.parse("a[b][]=1&a[b][]=2&c=%F0%9F%98%80&d[0]=x"), qs.stringify({ a: [1, { b: null }], d: new Date(0) }, { encode: false })];

//// protobufjs@8.8.1
import protobuf from "protobufjs";
export default () => {
  const { root } = protobuf.parse('syntax = "proto3"; message M { string name = 1; repeated int32 n = 2; map<string, double> w = 3; }');
  const type = root.lookupType("M"), bytes = type.encode({ name: "é", n: [1, -1, 300], w: { x: 1.5 } }).finish();
  return [Array.from(bytes), type.toObject(type.decode(bytes))];
};

//// @msgpack/msgpack@3.1.3
import { decode, encode } from "@msgpack/msgpack";
export default () => { const bytes = encode({ a: [1, -2, 1.5, "é", null], b: new Uint8Array([1, 2]), t: new Date(1e12) }); return [Array.from(bytes), decode(bytes)]; };

//// cbor-x@1.6.9
import { decode, encode } from "cbor-x";
export default () => { const bytes = encode({ a: [1, -2, 1.5, "é", null], m: { n: true } }); return [Array.from(bytes), decode(bytes)]; };

//// superjson@2.2.7
import superjson from "superjson";
export default () => { const text = superjson.stringify({ d: new Date(0), s: new Set([1]), m: new Map([["k", 1n]]), u: undefined, r: /x/g }); return [JSON.parse(text), superjson.parse(text).m.get("k").toString()]; };

//// flatted@3.4.4
import { parse, stringify } from "flatted";
export default () => { const a = { n: 1 }; a.self = a; const text = stringify(a); return [text, parse(text).self.self.n]; };

//// fast-json-stable-stringify@2.1.0
import stringify from "fast-json-stable-stringify";
export default () => stringify({ c: 8, b: [{ z: 6, y: 5 }, 7], a: 3 });

//// safe-stable-stringify@3.0.0
import stringify from "safe-stable-stringify";
export default () => { const a = { c: 1n, b: { x: 1 } }; a.b.up = a; return stringify(a); };

//// serialize-javascript@7.1.4
import serialize from "serialize-javascript";
export default () => serialize({ s: "</script>", d: new Date(0), r: /a+/gi, m: new Map([[1, 2]]), u: undefined }, { isJSON: false });

//// jsonpath-plus@10.4.0
import { JSONPath } from "jsonpath-plus";
const json = { store: { book: [{ price: 8.95, title: "A" }, { price: 22, title: "B" }] } };
export default () => [JSONPath({ path: "$..book[?(@.price>10)].title", json }), JSONPath({ path: "$..price", json, resultType: "path" })];

//// jmespath@0.16.0
import jmespath from "jmespath";
export default () => jmespath.search({ people: [{ n: "a", age: 20 }, { n: "b", age: 40 }] }, "people[?age > `30`].{name: n, k: length(keys(@))}");

//// lz-string@1.5.0
import lz from "lz-string";
export default () => { const text = "hello hello hello ünïcode ".repeat(9); const packed = lz.compressToEncodedURIComponent(text); return [packed, lz.decompressFromEncodedURIComponent(packed) === text]; };

//// pako@3.0.3
import * as pako from "pako";
export default () => { const bytes = pako.gzip("hello ".repeat(100)); return [bytes.length, pako.ungzip(bytes, { to: "string" }).length, Array.from(pako.deflateRaw("abc"))]; };

//// fflate@0.8.3
import { gunzipSync, gzipSync, strFromU8, strToU8, unzipSync, zipSync } from "fflate";
export default () => {
  const zip = zipSync({ "a.txt": strToU8("hello ".repeat(50)) }, { mtime: new Date(2020, 1, 1) });
  return [strFromU8(gunzipSync(gzipSync(strToU8("äbc"), { mtime: 0 }))), zip.length, strFromU8(unzipSync(zip)["a.txt"]).length];
};

//// jszip@3.10.2
import JSZip from "jszip";
export default async () => {
  const zip = new JSZip();
  zip.file("a.txt", "hello").folder("d").file("b.bin", new Uint8Array([1, 2, 3]));
  const again = await JSZip.loadAsync(await zip.generateAsync({ type: "uint8array", compression: "DEFLATE" }));
  return [Object.keys(again.files), await again.file("a.txt").async("string"), await again.file("d/b.bin").async("array")];
};

//// crc-32@1.2.2
import CRC32 from "crc-32";
export default () => [CRC32.str("SheetJS ☃"), CRC32.buf([1, 2, 3])];

//// base64-js@1.5.1
import { fromByteArray, toByteArray } from "base64-js";
export default () => [fromByteArray(new Uint8Array([0, 255, 62, 63])), Array.from(toByteArray("_-8="))];

//// js-base64@3.9.7
import { Base64 } from "js-base64";
export default () => [Base64.encode("小飼弾"), Base64.encodeURI("小飼弾"), Base64.decode("5bCP6aO85by-"), Base64.isValid("!")];

//// ieee754@1.2.1
import ieee754 from "ieee754";
export default () => { const bytes = new Uint8Array(8); ieee754.write(bytes, Math.PI, 0, false, 52, 8); return [Array.from(bytes), ieee754.read(bytes, 0, false, 52, 8)]; };
