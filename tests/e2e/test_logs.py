"""The log over the API, of all workers, as it comes: on the main and on the management port."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nexus.cli.remote.server import Server as Remote
from tests.e2e.conftest import Server, free_port, serving
from tests.support import shared_cache

TOKEN = "secret"
LOGS = 'export default () => { console.warn("over here"); return new Response("x"); }'


@pytest.mark.parametrize("management", [False, True], ids=["main", "management"])
def test_what_any_worker_logs_comes_at_once(tmp_path: Path, management: bool) -> None:
    handlers = tmp_path / "handlers"
    handlers.mkdir()
    (handlers / "noisy.js").write_text(LOGS)
    port = free_port()
    environ = {"NEXUS_ADMIN_TOKEN": TOKEN, "NEXUS_CACHE_DIR": str(shared_cache())}
    if management:
        environ["NEXUS_MANAGEMENT_BIND"] = f"127.0.0.1:{port}"
    ready = port if management else None
    with serving(handlers, tmp_path, ready_port=ready, **environ) as server:
        asked = Remote(f"http://127.0.0.1:{ready or server.port}", TOKEN)
        cursor = asked.json("/v1/logs")["cursor"]  # from here on requests are kept
        read_some(server, asked.events("/v1/logs", {"handler": "noisy"}, cursor))


def read_some(server: Server, stream: Iterator[dict[str, Any]]) -> None:
    """Ask until both workers have been heard; the stream has each guest's line and its request."""
    workers: set[str] = set()
    said: list[str] = []
    for _ in range(60):
        server.get("/noisy")
        while not said or said[-1] != "GET /noisy 200":
            found = next(stream)
            said.append(found["message"])
            workers.add(found["worker"])
        assert "over here" in said
        said.clear()
        if len(workers) == 2:
            return
    raise AssertionError(f"only {workers} were heard")
