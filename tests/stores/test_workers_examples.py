"""What the guides of Workers KV show, told anew: sessions, flags, a cache, pages of keys."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from nexus.model import HttpRequest
from nexus.service import Service
from tests.services import service_on

SOURCE = """
const routes = {
  // A session by a random token, which ends by itself.
  async login(request, { KV }) {
    const token = crypto.randomUUID();
    const session = { user: request.headers.get("x-user"), since: Date.now() };
    await KV.put(`session:${token}`, JSON.stringify(session), { expirationTtl: 3600 });
    return Response.json({ token });
  },
  async whoami(request, { KV }) {
    const token = request.headers.get("authorization")?.replace("Bearer ", "");
    const session = token && await KV.get(`session:${token}`, { type: "json" });
    if (!session) return new Response("log in first", { status: 401 });
    return Response.json(session.user);
  },
  async logout(request, { KV }) {
    await KV.delete(`session:${request.headers.get("authorization").slice(7)}`);
    return new Response(null, { status: 204 });
  },
  // Configuration that an operator writes and every request reads.
  async flag(request, { KV }) {
    if (request.method === "PUT") {
      await KV.put("flags", await request.text());
      return new Response("stored");
    }
    const flags = await KV.get("flags", "json") ?? {};
    return new Response(flags.beta ? "the new page" : "the old page");
  },
  // The result of slow work is kept; the write does not delay the answer.
  async report(request, { KV }, ctx) {
    const kept = await KV.get("report", "arrayBuffer");
    if (kept !== null) return new Response(kept, { headers: { "x-cache": "hit" } });
    const made = new TextEncoder().encode("slow work");
    ctx.waitUntil(KV.put("report", made, { expiration: Math.floor(Date.now() / 1000) + 300 }));
    return new Response(made, { headers: { "x-cache": "miss" } });
  },
  // All keys with a prefix, page by page.
  async pages(request, { KV }) {
    await Promise.all([3, 1, 2].map((n) => KV.put(`page:${n}`, `text ${n}`)));
    const found = [];
    let cursor;
    for (let more = true; more;) {
      const list = await KV.list({ prefix: "page:", limit: 2, cursor });
      found.push(list.keys.map(({ name }) => name));
      more = !list.list_complete;
      cursor = list.cursor;
    }
    return Response.json(found);
  },
};
export default {
  async fetch(request, env, ctx) {
    const name = new URL(request.url).pathname.split("/").pop();
    return routes[name](request, env, ctx);
  },
};"""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("handlers")
    (folder / "kv.js").write_text(SOURCE)
    (folder / "kv.toml").write_text('kv = ["self:rw"]\ncapabilities = ["http:authorization"]\n')
    with service_on(folder, tmp_path_factory.mktemp("state")) as made:
        made.start_with(folder)
        yield made


def ask(service: Service, path: str, body: str = "", **meta: str) -> tuple[int, str, str]:
    """Return status, body and the header `x-cache`."""
    handler = service.handlers.catalogue.handlers["kv"]
    given = {"REQUEST_METHOD": "PUT" if body else "GET", "PATH_INFO": f"/kv/{path}", **meta}
    run = service.dispatcher.new_run(handler, time.monotonic())
    answer = service.dispatcher.run(handler, HttpRequest(given, body.encode()), run)
    return answer.status, answer.body.decode(), dict(answer.headers).get("x-cache", "")


def test_a_session_lasts_until_it_is_closed(service: Service) -> None:
    token: Any = json.loads(ask(service, "login", HTTP_X_USER="ann")[1])["token"]
    by = {"HTTP_AUTHORIZATION": f"Bearer {token}"}
    assert ask(service, "whoami")[0] == 401
    assert ask(service, "whoami", **by)[1] == '"ann"'
    store = service.parts.key_values.store
    (entry,) = store.list("handler:kv", "session:", "", 10, 5.0)
    assert entry.key == f"session:{token}"
    assert entry.expires_ms is not None
    assert abs(entry.expires_ms / 1000 - time.time() - 3600) < 60
    assert ask(service, "logout", **by)[0] == 204
    assert ask(service, "whoami", **by)[0] == 401


def test_a_flag_changes_what_every_request_sees(service: Service) -> None:
    assert ask(service, "flag")[1] == "the old page"
    assert ask(service, "flag", '{"beta": true}')[1] == "stored"
    assert ask(service, "flag")[1] == "the new page"


def test_slow_work_is_kept(service: Service) -> None:
    assert ask(service, "report") == (200, "slow work", "miss")
    assert ask(service, "report") == (200, "slow work", "hit")


def test_keys_come_in_pages(service: Service) -> None:
    assert json.loads(ask(service, "pages")[1]) == [["page:1", "page:2"], ["page:3"]]
