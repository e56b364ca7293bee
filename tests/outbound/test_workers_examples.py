"""Handlers like those in the guides of Workers on fetch and static assets, written anew."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from nexus.model import Files, Mount
from tests.scripts.support import Scripts

from .servers import Seen, Server, answer

Serve = Callable[..., Server]


def with_upstream(source: str, server: Server) -> str:
    return source.replace("UPSTREAM", server.url)


HEADERS = """
const upstream = "UPSTREAM";
export default {
  async fetch(request) {
    const asked = new Request(upstream + new URL(request.url).pathname, request);
    asked.headers.set("x-api-key", "k-1");
    asked.headers.delete("cookie");
    const found = await fetch(asked);
    const changed = new Response(found.body, found);
    changed.headers.append("x-served-by", "edge");
    changed.headers.delete("x-internal");
    return changed;
  },
};
"""


def test_headers_change_on_the_way_there_and_back(scripts: Scripts, serve: Serve) -> None:
    server = serve(answers=lambda seen: answer(b"page", "203 Other", X_Internal="1", X_Kept="2"))
    handler = scripts.handler(with_upstream(HEADERS, server), http=(server.url,))
    found = scripts.fetch(handler, HTTP_COOKIE="id=1", HTTP_ACCEPT_LANGUAGE="de")
    assert (found.status, found.body) == (203, b"page")
    headers = dict(found.headers)
    assert (headers["x-served-by"], headers["x-kept"]) == ("edge", "2")
    assert "x-internal" not in headers
    (seen,) = server.seen
    assert (seen.path, seen.header("x-api-key")) == ("/hello", "k-1")
    assert (seen.header("cookie"), seen.header("accept-language")) == (None, "de")


AGGREGATE = """
const upstream = "UPSTREAM";
const gather = async (response) => {
  const kind = response.headers.get("content-type") ?? "";
  return kind.includes("application/json") ? response.json() : response.text();
};
addEventListener("fetch", (event) => event.respondWith(handle()));
async function handle() {
  const init = { headers: { "content-type": "application/json;charset=UTF-8" } };
  const urls = ["/users", "/orders", "/motd"].map((path) => upstream + path);
  const found = await Promise.all(urls.map((url) => fetch(url, init)));
  const [users, orders, motd] = await Promise.all(found.map(gather));
  const names = users.map(({ id, name }) => [name, orders.filter((o) => o.user === id).length]);
  return new Response(JSON.stringify({ names, motd }), init);
}
"""


def test_several_answers_become_one(scripts: Scripts, serve: Serve) -> None:
    users, orders = [{"id": 1, "name": "ann"}], [{"user": 1}, {"user": 2}, {"user": 1}]
    answers = {
        "/users": answer(json.dumps(users).encode(), Content_Type="application/json"),
        "/orders": answer(json.dumps(orders).encode(), Content_Type="application/json"),
        "/motd": answer(b"hello", Content_Type="text/plain"),
    }

    def reply(seen: Seen) -> bytes:
        return answers[seen.path]

    server = serve(answers=reply)
    handler = scripts.handler(with_upstream(AGGREGATE, server), http=(server.url,))
    found = scripts.fetch(handler)
    assert json.loads(found.body) == {"names": [["ann", 2]], "motd": "hello"}
    assert ("content-type", "application/json;charset=UTF-8") in found.headers


POST = """
const upstream = "UPSTREAM";
export default {
  async fetch(request) {
    const form = await request.formData();
    const sent = await fetch(`${upstream}/items`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(Object.fromEntries(form)),
    });
    if (!sent.ok) return new Response(`upstream says ${sent.status}`, { status: 502 });
    const { id } = await sent.json();
    return Response.redirect(new URL(`/items/${id}`, request.url), 303);
  },
};
"""


def test_a_form_becomes_json_for_another_server(scripts: Scripts, serve: Serve) -> None:
    def reply(seen: Seen) -> bytes:
        if json.loads(seen.body)["name"] == "":
            return answer(b"no name", "422 Wrong")
        return answer(b'{"id": 7}', "201 Made")

    server = serve(answers=reply)
    handler = scripts.handler(with_upstream(POST, server), http=(server.url,))
    meta = {"REQUEST_METHOD": "POST", "CONTENT_TYPE": "application/x-www-form-urlencoded"}
    made = scripts.fetch(handler, b"name=pen&price=2", **meta)
    assert (made.status, dict(made.headers)["location"]) == (303, "http://test/items/7")
    assert json.loads(server.seen[0].body) == {"name": "pen", "price": "2"}
    refused = scripts.fetch(handler, b"name=", **meta)
    assert (refused.status, refused.body) == (502, b"upstream says 422")


ASSETS = """
export default {
  async fetch(request, env) {
    const { pathname } = new URL(request.url);
    if (pathname.startsWith("/site/api/")) return Response.json({ at: pathname });
    const found = await env.ASSETS.fetch(request);
    return found.status === 404 ? env.ASSETS.fetch(new URL("/", request.url)) : found;
  },
};
"""


def test_assets_are_served_beside_an_api(scripts: Scripts, tmp_path: Path) -> None:
    (tmp_path / "public").mkdir()
    (tmp_path / "public/index.html").write_text("the app")
    (tmp_path / "public/app.css").write_text("b {}")
    files = Files((Mount("/", tmp_path, "public"),), 1 << 20)
    handler = replace(scripts.handler(ASSETS), route="/site", files=files)
    for path, kind, body in (
        ("/site/api/me", "application/json", b'{"at":"/site/api/me"}'),
        ("/site/app.css", "text/css", b"b {}"),
        ("/site/some/view", "text/html", b"the app"),
    ):
        found = scripts.fetch(handler, PATH_INFO=path)
        assert (found.status, found.body) == (200, body)
        assert dict(found.headers)["content-type"].startswith(kind)
