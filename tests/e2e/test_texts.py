"""Source text over the runtime API of a real server with two workers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support import shared_cache

from .conftest import Server, serving

TOKEN = {"Authorization": "Bearer secret", "Content-Type": "application/json"}
PYTHON = """
import nexus

async def run(context):
    answer = await nexus.ext.approval.ask(context["args"])
    return {"answer": answer}
"""


@pytest.fixture(scope="module")
def server(http_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    environ = {
        "NEXUS_ADMIN_TOKEN": "secret",
        "NEXUS_CACHE_DIR": str(shared_cache()),
        "NEXUS_TEXT_CAPABILITIES": '["ext:approval"]',
        "NEXUS_TIMEOUT_MS": "30000",
    }
    scratch = tmp_path_factory.mktemp("server")
    with serving(tmp_path_factory.mktemp("handlers"), scratch, **environ) as running:
        yield running


def run(server: Server, body: dict[str, Any], path: str = "/v1/executions") -> Any:
    answer = server.get(path, json.dumps(body).encode(), TOKEN)
    assert answer.status == 200, answer.body
    return json.loads(answer.body)


def test_texts_run_in_both_workers(server: Server) -> None:
    for number in range(8):
        body = {"source": "$args + 2", "context": {"args": number}}
        assert run(server, body)["return_value"] == number + 2


def test_python_is_suspended_and_resumed_in_whichever_worker(server: Server) -> None:
    body = {
        "language": "python",
        "source": PYTHON,
        "context": {"args": 5},
        "capabilities": ["ext:approval"],
    }
    for _ in range(4):
        asked = run(server, body)["suspension"]
        assert (asked["extension"], asked["method"], asked["arguments"]) == ("approval", "ask", 5)
        answer = {"success": True, "value": "yes"}
        found = run(server, answer, f"/v1/suspensions/{asked['id']}")
        assert found["return_value"] == {"answer": "yes"}
