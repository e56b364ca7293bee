//// react@19.3.1 react-dom@19.3.1
import { createElement as h, useState } from "react";
import { renderToReadableStream, renderToStaticMarkup, renderToString } from "react-dom/server.browser";
const App = ({ name }) => { const [n] = useState(3); return h("ul", { className: "x", style: { color: "red" } }, [...Array(n).keys()].map((i) => h("li", { key: i }, `${name} <${i}>`))); };
export default async () => [renderToString(h(App, { name: "é" })), renderToStaticMarkup(h("p", { dangerouslySetInnerHTML: { __html: "<b>" } })), await new Response(await renderToReadableStream(h(App, { name: "s" }))).text()];

//// preact@11.2.0 preact-render-to-string@6.8.2
import { h } from "preact";
import { useMemo } from "preact/hooks";
import { render } from "preact-render-to-string";
const App = ({ n }) => h("div", { class: "a", "data-n": useMemo(() => n * 2, [n]) }, h("b", null, "x & y"), [1, 2].map((i) => h("i", { key: i }, i)));
export default () => render(h(App, { n: 4 }));

//// handlebars@4.7.10
import Handlebars from "handlebars/dist/cjs/handlebars.js";
export default () => { Handlebars.registerHelper("up", (text) => text.toUpperCase()); return Handlebars.compile("{{#each items}}{{@index}}:{{up name}} {{{raw}}}{{else}}none{{/each}}")({ items: [{ name: "a<", raw: "<b>" }] }); };

//// mustache@4.2.0
import Mustache from "mustache";
export default () => Mustache.render("{{#list}}{{.}},{{/list}}{{^no}}empty{{/no}} {{&raw}} {{esc}} {{> part}}", { list: [1, 2], raw: "<", esc: "<", f: 1 }, { part: "p{{f}}" });

//// ejs@7.0.2
import ejs from "ejs";
export default () => ejs.render("<% for (const x of list) { %><li><%= x %></li><% } %><%- raw %>", { list: ["a", "<b>"], raw: "<hr>" });

//// nunjucks@3.2.4
import nunjucks from "nunjucks";
export default () => new nunjucks.Environment(null, { autoescape: true }).renderString("{% set x = 3 %}{% for i in items | sort %}{{ loop.index }}{{ i | upper }}{% endfor %}{{ '<' }}{% if x > 2 %}y{% endif %}{{ 3.14159 | round(2) }}", { items: ["b", "a"] });

//// cheerio@1.2.0
import * as cheerio from "cheerio/slim";
export default () => { const $ = cheerio.load("<ul id=f><li class=a>1</li><li>2 &amp; 3</li></ul>"); $("ul").append("<li>4</li>"); $("li.a").addClass("b").attr("x", "é"); return [$.html(), $("li").map((_, e) => $(e).text()).get(), $("ul > :not(.a)").length]; };

//// htmlparser2@12.0.0
import { Parser, parseDocument } from "htmlparser2";
export default () => { const seen = []; const parser = new Parser({ onopentag: (name, attributes) => seen.push([name, attributes]), ontext: (text) => seen.push(text) }); parser.write("<p a=1>x<br>&eacute;<SCRIPT>1<2"); parser.end("</SCRIPT></p>"); return [seen, parseDocument("<a><b/></a>").children.length]; };

//// parse5@8.1.1
import { parse, parseFragment, serialize } from "parse5";
export default () => [serialize(parse("<!doctype html><title>x</title><p>1<p>2<table><tr><td>3")), serialize(parseFragment("<b>a<i>b</b>c</i><svg><path/></svg>"))];

//// css-select@7.0.0 css-what@8.0.0
import { parse, stringify } from "css-what";
export default () => [parse("a.b > c:not([d^='e' i])::before, *"), stringify(parse("x~y:nth-child(2n+1)"))];

//// sanitize-html@2.17.5
import sanitize from "sanitize-html";
export default () => [sanitize("<p onclick=x>hi <script>alert(1)</script><a href='javascript:x'>l</a><b>b</b>"), sanitize("<i>x</i><img src=a>", { allowedTags: ["img"], allowedAttributes: { img: ["src"] } })];

//// turndown@7.2.5
import TurndownService from "turndown";
export default () => { try { return new TurndownService().turndown("<h1>Hi</h1><p>a <b>c</b> <a href='u'>l</a></p>"); } catch (error) { return error.message; } };

//// i18next@26.7.2
import i18next from "i18next";
export default async () => { const i = i18next.createInstance(); await i.init({ lng: "de", fallbackLng: "en", resources: { en: { translation: { only: "only {{x}}" } }, de: { translation: { k: "Schlüssel", item_one: "{{count}} Ding", item_other: "{{count}} Dinge" } } } }); return [i.t("k"), i.t("only", { x: "<" }), i.t("item", { count: 1 }), i.t("item", { count: 5 }), i.t("none")]; };

//// clsx@2.1.1
import clsx from "clsx";
export default () => clsx("a", { b: true, c: 0 }, ["d", [null, "e"]]);

//// dedent@1.7.2
import dedent from "dedent";
export default () => dedent`
  first
    second ${1 + 1}
  third`;

//// pdf-lib@1.17.1
import { PDFDocument, StandardFonts, rgb } from "pdf-lib";
export default async () => {
  const pdf = await PDFDocument.create(), page = pdf.addPage([200, 100]);
  page.drawText("Hello é", { x: 5, y: 50, size: 12, font: await pdf.embedFont(StandardFonts.Helvetica), color: rgb(1, 0, 0) });
  pdf.setCreationDate(new Date(0)); pdf.setModificationDate(new Date(0));
  const bytes = await pdf.save(), again = await PDFDocument.load(bytes);
  return [bytes.length, again.getPageCount(), again.getPage(0).getSize(), String.fromCharCode(...bytes.slice(0, 8))];
};

//// qrcode@1.5.4
import QRCode from "qrcode";
export default async () => [await QRCode.toString("hello", { type: "svg" }), QRCode.create("x").modules.size];

//// qrcode-generator@2.0.4
import qrcode from "qrcode-generator";
export default () => { const qr = qrcode(0, "M"); qr.addData("hello"); qr.make(); return [qr.getModuleCount(), qr.createSvgTag(2).length, qr.createDataURL().slice(0, 30)]; };
