//// strip-ansi@7.2.0
import strip from "strip-ansi";
export default () => strip("\u001b[4mred\u001b[0m \u001b]8;;http://a.example\u0007link\u001b]8;;\u0007");

//// chalk@5.6.2
import { Chalk } from "chalk";
const chalk = new Chalk({ level: 3 });
export default () => [chalk.red.bold("stop"), chalk.hex("#00f080")("go"), chalk`x`.length];

//// kleur@4.1.5
import kleur from "kleur";
kleur.enabled = true;
export default () => [kleur.green("ok"), kleur.bold().underline("title")];

//// string-width@8.3.0
import width from "string-width";
export default () => ["abc", "古", "👨‍👩‍👧‍👦", "e\u0301", "\u001b[1mx\u001b[22m"].map((text) => width(text));

//// wrap-ansi@10.0.2
import wrap from "wrap-ansi";
export default () => wrap("The quick \u001b[31mbrown fox jumped over\u001b[39m the lazy dog", 12, { hard: true });

//// emoji-regex@11.0.0
import emoji from "emoji-regex";
export default () => "a ⌚️ b 👩🏾‍💻 c 🇨🇭".match(emoji());

//// escape-string-regexp@5.0.0
import escape from "escape-string-regexp";
export default () => "a.b*c a-b".replace(new RegExp(escape("a.b*c"), "g"), "X") + escape("-$^[]");

//// camelcase@9.0.0
import camel from "camelcase";
export default () => [camel("foo-bar"), camel("--Foo.bar_baz", { pascalCase: true }), camel("XMLHttpRequest")];

//// change-case@5.4.4
import * as change from "change-case";
export default () => ["kebabCase", "snakeCase", "pascalCase", "constantCase", "sentenceCase"].map((name) => change[name]("two wordsHere XML2"));

//// slugify@1.6.9
import slugify from "slugify";
export default () => [slugify("Ünïcödé ♥ Straße & more", { lower: true }), slugify("a b", "_")];

//// pluralize@8.0.0
import pluralize from "pluralize";
export default () => [pluralize("person", 3, true), pluralize.singular("geese"), pluralize("index")];

//// he@1.2.0
import he from "he";
export default () => [he.encode("<a href='ü'>©</a>", { useNamedReferences: true }), he.decode("&lt;&eacute;&#x1F600;&amp;copy;")];

//// html-entities@2.6.0
import { decode, encode } from "html-entities";
export default () => [encode("< > \" ' & © ∆", { mode: "nonAsciiPrintable" }), decode("&lt; &copy; &#8710;")];

//// entities@9.0.0
import { decodeHTML, decodeXML, encodeHTML, escapeText } from "entities";
export default () => [decodeHTML("&nbsp;&auml&notit;"), decodeXML("&#xe4;&lt;"), encodeHTML("äöü&"), escapeText("a<b")];

//// escape-html@1.0.3
import escape from "escape-html";
export default () => escape(`<script>"it's" & more</script>`);

//// punycode@2.3.1
import punycode from "punycode/punycode.js";
export default () => [punycode.toASCII("mañana.com"), punycode.toUnicode("xn--maana-pta.com"), punycode.encode("☃-⌘"), punycode.ucs2.decode("💩")];

//// iconv-lite@0.7.3
import iconv from "iconv-lite";
export default () => [
  iconv.encode("Привет, äöü", "win1251").toString("hex"), iconv.decode(Buffer.from([0x93, 0xfa, 0x96, 0x7b]), "shift_jis"),
  iconv.encode("日本", "euc-jp").toString("hex"), iconv.encodingExists("big5"), iconv.decode(Buffer.from("ÿþ", "latin1"), "utf16"),
];

//// sprintf-js@1.1.3
import { sprintf, vsprintf } from "sprintf-js";
export default () => [sprintf("%2$s %3$s a %1$05.2f", 3.14159, "this", "is"), vsprintf("%+d %x %j", [7, 255, { a: 1 }])];

//// diff@9.0.0
import { createTwoFilesPatch, diffChars, diffWords } from "diff";
export default () => [diffWords("the old cat", "the new cat"), diffChars("abc", "abd").length, createTwoFilesPatch("a", "b", "1\n2\n3\n", "1\n2\n4\n")];

//// fast-diff@1.3.0
import diff from "fast-diff";
export default () => diff("Good dog", "Bad dog");

//// fastest-levenshtein@1.0.16
import { closest, distance } from "fastest-levenshtein";
export default () => [distance("kitten", "sitting"), closest("fast", ["slow", "faster", "fastest"])];

//// fuse.js@7.5.0
import Fuse from "fuse.js";
const books = [{ title: "Old Man's War", author: "John Scalzi" }, { title: "The Lock Artist", author: "Steve Hamilton" }];
export default () => new Fuse(books, { keys: ["title", "author"], includeScore: true }).search("jon").map(({ item, score }) => [item.title, score.toFixed(6)]);

//// marked@18.2.1
import { marked } from "marked";
export default () => marked.parse("# Hi\n\n* a\n* b **c**\n\n| x | y |\n|---|---|\n| 1 | `2` |\n\n```js\nlet a;\n```\n");

//// markdown-it@15.0.3
import MarkdownIt from "markdown-it";
export default () => new MarkdownIt({ html: true, linkify: true, typographer: true }).render("## T\n\n\"quoted\" -- https://example.com *em*\n\n1. one\n2. two\n");

//// micromark@4.0.3
import { micromark } from "micromark";
export default () => micromark("## Hello, *world*!\n\n> quote\n\n[a](b \"c\")");

//// unified@11.0.5 remark-parse@11.0.0 remark-rehype@11.1.2 rehype-stringify@10.0.1
import rehypeStringify from "rehype-stringify";
import remarkParse from "remark-parse";
import remarkRehype from "remark-rehype";
import { unified } from "unified";
export default async () => String(await unified().use(remarkParse).use(remarkRehype).use(rehypeStringify).process("# Hi\n\n*a* **b** `c`\n"));

//// gray-matter@4.0.3
import matter from "gray-matter";
export default () => { const { data, content } = matter("---\ntitle: Home\ntags: [a, b]\n---\nBody\n"); return { data, content }; };

//// linkify-it@6.1.0
import { LinkifyIt } from "linkify-it";
export default () => new LinkifyIt().match("See github.com, https://a.b/c?d=(e) and me@example.org!").map(({ url, index }) => [url, index]);
