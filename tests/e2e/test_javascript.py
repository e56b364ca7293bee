"""JavaScript handlers under gunicorn: served, edited while they serve, broken and mended."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support import shared_cache

from .conftest import Answer, Server, serving, until

WAIT_S = 30.0


def answering(text: str) -> str:
    return f"export default {{ fetch: () => new Response({text!r}) }};\n"


def eventually(ask: Callable[[], Answer], accept: Callable[[Answer], bool]) -> Answer:
    """Ask until the answer is acceptable: handlers are loaded behind the server's back."""
    end = time.monotonic() + WAIT_S
    while not accept(answer := ask()):
        assert time.monotonic() < end, answer
    return answer


@pytest.fixture(scope="module")
def folder(http_server: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("scripts")


@pytest.fixture(scope="module")
def server(http_server: str, folder: Path, tmp_path_factory: pytest.TempPathFactory):  # type: ignore[no-untyped-def]
    (folder / "hi.js").write_text(answering("hi"))
    (folder / "rows.js").write_text(
        "export default async (r) => new Response((await r.json()).at(-1).id);\n"
    )
    (folder / "boom.js").write_text('export default () => { throw new TypeError("boom"); };\n')
    environ = {"NEXUS_CACHE_DIR": str(shared_cache())}
    with serving(folder, tmp_path_factory.mktemp("server"), **environ) as running:
        yield running


def test_a_script_answers(server: Server) -> None:
    answer = eventually(lambda: server.get("/hi"), lambda found: found.status == 200)
    assert answer.body == b"hi"


def test_an_error_has_neither_its_text_nor_its_stack_in_its_body(server: Server) -> None:
    answer = eventually(lambda: server.get("/boom"), lambda found: found.status != 404)
    body = json.loads(answer.body)
    assert (answer.status, body["code"]) == (500, "EXECUTION_ERROR")
    assert b"boom" not in answer.body.replace(b'"handler": "boom"', b"")
    assert "Uncaught TypeError: boom" in server.log.read_text()


def test_an_edit_is_served_and_a_broken_one_is_not(server: Server, folder: Path) -> None:
    script = folder / "hi.js"
    script.write_text(answering("changed"))
    until(lambda: {server.get("/hi").body for _ in range(20)} == {b"changed"})  # by all workers
    script.write_text("export default {")
    (folder / "fresh.js").write_text(answering("fresh"))
    eventually(lambda: server.get("/fresh"), lambda found: found.status == 200)
    assert server.get("/hi").body == b"changed"


@pytest.mark.only("gunicorn")
def test_8_mb_of_records_fit_in_the_memory_that_handlers_have_by_default(server: Server) -> None:
    eventually(lambda: server.get("/rows", b"[{}]"), lambda found: found.status == 200)
    records = [
        {"id": number, "first": "Anna", "last": f"Meier {number}", "email": f"a{number}@x.test"}
        | {"zip": "10115", "age": number % 90, "paid": False, "sum": number * 1.25}
        for number in range(68_000)
    ]
    body = json.dumps(records, separators=(",", ":")).encode()
    assert len(body) > 8_000_000
    for content_type in ("application/json", "text/plain"):
        answer = server.get("/rows", body, {"content-type": content_type})
        assert (answer.status, answer.body) == (200, b"67999")
