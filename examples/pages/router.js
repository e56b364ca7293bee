// `"GET /things/:id": ({ id }, request) => Response`; the first that matches answers.

const compile = ([pattern, answer]) => {
  const [method, path] = pattern.split(" ");
  const names = path.split("/");
  return { method, names, answer };
};

const match = (names, parts) => {
  if (names.length !== parts.length) return null;
  const found = {};
  for (const [at, name] of names.entries()) {
    if (name.startsWith(":")) found[name.slice(1)] = decodeURIComponent(parts[at]);
    else if (name !== parts[at]) return null;
  }
  return found;
};

export const route = (table) => {
  const routes = Object.entries(table).map(compile);
  return (request) => {
    const parts = new URL(request.url).pathname.replace(/\/$/, "").split("/");
    for (const { method, names, answer } of routes) {
      const found = match(names, parts);
      if (found && method === request.method) return answer(found, request);
    }
    return new Response("not found\n", { status: 404 });
  };
};
