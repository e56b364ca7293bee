// HTML in template literals; what is put in is escaped, unless it is HTML itself.

class Html {
  constructor(text) {
    this.text = text;
  }
}

const entities = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

const show = (value) => {
  if (value instanceof Html) return value.text;
  if (Array.isArray(value)) return value.map(show).join("");
  return String(value).replace(/[&<>"']/g, (character) => entities[character]);
};

export const html = (strings, ...values) =>
  new Html(strings.reduce((text, part, at) => text + show(values[at - 1]) + part));

export const page = (title, content, status = 200) => {
  const { text } = html`<!doctype html><meta charset="utf-8"><title>${title}</title>
<h1>${title}</h1>${content}\n`;
  return new Response(text, { status, headers: { "content-type": "text/html; charset=utf-8" } });
};
