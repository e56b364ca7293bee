"""The runtime API in the test's process, over a real service with a handful of handlers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from prometheus_client import CollectorRegistry

from nexus.http import create_app
from tests.http.conftest import Answer, Client, make_service
from tests.support import shared_cache
from tests.wat import one, prints

TOKEN = "s3cret-of-the-operator"

ADD = """
export default {
  fetch: () => new Response("over HTTP"),
  run({ state, args }) { return { count: state.count + args.by }; },
};
"""
HANDLERS = {
    "hello.wat": prints("Content-Type: text/plain\n\nhello"),
    "hello.toml": 'methods = ["GET"]\nenv = { PASSWORD = "hunter2" }\nmax_concurrency = 3\n'
    'args = ["--token", "hunter2"]\n',
    "json.wat": prints('{"answer": 42}'),
    "spin.wat": one("(loop (br 0))"),
    "spin.toml": "timeout_ms = 300\n",
    "add.js": ADD,
    "add.toml": 'capabilities = ["state:read:count"]\n',
    "broken.wat": "(module",
}


class Api:
    """Calls the API with the token, or with what a test gives instead."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def call(
        self, method: str, path: str, body: Any = None, /, raw: bytes | None = None, **environ: str
    ) -> Answer:
        given = {"HTTP_AUTHORIZATION": f"Bearer {TOKEN}", **environ}
        content = json.dumps(body).encode() if body is not None else raw
        if content is not None:
            given.setdefault("CONTENT_TYPE", "application/json")
        return self.client.call(path, method, content, **given)

    def get(self, path: str) -> Any:
        answer = self.call("GET", path)
        assert answer.code == 200, answer.body
        assert answer.header("Content-Type") == "application/json"
        return json.loads(answer.body)


@pytest.fixture(scope="package")
def app_of_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Flask, Client]]:
    folder = tmp_path_factory.mktemp("handlers")
    for name, content in HANDLERS.items():
        (folder / name).write_text(content)
    registry = CollectorRegistry()
    service = make_service(
        folder,
        registry,
        NEXUS_PLUGINS='{"x": {"password": "hunter2"}}',
        NEXUS_MAX_REQUEST_BYTES="300000",
        NEXUS_TEXT_CAPABILITIES="state:write:count, ext:approval",
        NEXUS_CACHE_DIR=str(shared_cache()),
    )
    service.start_with(folder)
    app = create_app(service, registry, TOKEN.encode())
    yield app, Client(app, service, registry)
    service.stop(grace_s=5.0)


@pytest.fixture
def api(app_of_api: tuple[Flask, Client]) -> Api:
    return Api(app_of_api[1])
