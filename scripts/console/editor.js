// CodeMirror in the place of the playground's field for source text, which keeps the text: the form
// is sent as without it. In a shadow root CodeMirror adopts its style sheet, which a strict
// Content-Security-Policy allows; in the page it would add a <style>.

import { javascript } from "@codemirror/lang-javascript";
import { python } from "@codemirror/lang-python";
import { wast } from "@codemirror/lang-wast";
import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { Compartment } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { basicSetup } from "codemirror";

const LANGUAGES = {
  javascript: () => javascript(),
  typescript: () => javascript({ typescript: true }),
  python,
  wat: wast,
};

// The page's own colours, which follow the system's scheme and reach into the shadow root.
const look = EditorView.theme({
  "&": { fontSize: ".875rem", color: "var(--text)", backgroundColor: "var(--raised)", maxHeight: "32rem" },
  ".cm-scroller": { fontFamily: 'ui-monospace, "SF Mono", "DejaVu Sans Mono", Menlo, monospace', overflow: "auto" },
  ".cm-content": { caretColor: "var(--text)", minHeight: "18rem" },
  ".cm-cursor": { borderLeftColor: "var(--text)" },
  "&.cm-focused": { outline: "3px solid var(--accent)", outlineOffset: "2px" },
  ".cm-gutters": { backgroundColor: "var(--ground)", color: "var(--soft)", borderRight: "1px solid var(--line)" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "light-dark(#f1f1ee, #262a31)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    backgroundColor: "light-dark(#d5d5f5, #3b3f68)",
  },
  ".cm-matchingBracket": { backgroundColor: "light-dark(#d9ecd9, #2f4a38) !important" },
  ".cm-panels, .cm-tooltip": { backgroundColor: "var(--raised)", color: "var(--text)", borderColor: "var(--line)" },
});
const colours = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword, tags.controlKeyword], color: "var(--accent)" },
  { tag: [tags.string, tags.special(tags.string), tags.regexp], color: "var(--good)" },
  { tag: [tags.number, tags.bool, tags.null, tags.atom], color: "var(--warn)" },
  { tag: tags.comment, color: "var(--soft)", fontStyle: "italic" },
  { tag: tags.invalid, color: "var(--bad)" },
]);

const field = document.querySelector("[data-source]");
const select = document.querySelector("[data-language]");
const host = document.createElement("div");
host.className = "editor";
const root = host.attachShadow({ mode: "open" });
field.before(host);
field.hidden = true;

const language = new Compartment();
const chosen = () => LANGUAGES[select.value]?.() ?? [];
const view = new EditorView({
  doc: field.value,
  parent: root,
  root,
  extensions: [
    basicSetup,
    look,
    syntaxHighlighting(colours),
    EditorView.lineWrapping,
    EditorView.contentAttributes.of({ "aria-label": "Program" }),
    language.of(chosen()),
    EditorView.updateListener.of((update) => {
      if (update.docChanged) field.value = update.state.doc.toString();
    }),
    // Ctrl+Enter belongs to the page, which runs the program.
    EditorView.domEventHandlers({
      keydown: (event) => event.key === "Enter" && (event.ctrlKey || event.metaKey),
    }),
  ],
});

document.querySelector("label[for=source]").addEventListener("click", () => view.focus());
select.addEventListener("change", () => view.dispatch({ effects: language.reconfigure(chosen()) }));
field.addEventListener("replaced", () =>
  view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: field.value } }),
);
