// A small site: routes with path parameters, and HTML. Its files are imported when it is loaded.

import { html, page } from "./html.js";
import { route } from "./router.js";
import planets from "./planets.json";

const home = () =>
  page("Planets", html`<ul>${planets.map(({ name }) =>
    html`<li><a href="/pages/planets/${name.toLowerCase()}">${name}</a></li>`)}</ul>`);

const planet = ({ name }) => {
  const found = planets.find((one) => one.name.toLowerCase() === name);
  if (!found) return page("No such planet", html`<p>There is no planet “${name}”.</p>`, 404);
  return page(found.name, html`<p>${found.name} has ${found.moons} known moons.</p>`);
};

export default {
  fetch: route({
    "GET /pages": home,
    "GET /pages/planets/:name": planet,
  }),
};
