"""The same handlers in this process and behind a runtime API, and a folder for compiled code."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mcp_client import CEILING
from prometheus_client import CollectorRegistry
from werkzeug.serving import WSGIRequestHandler, make_server

from nexus import config
from nexus.http import create_app
from nexus.service import Service
from nexus_mcp.backend import Backend
from nexus_mcp.embedded import Embedded
from nexus_mcp.remote import Remote

SCHEMA = """description = "Prices an order"
input_schema.type = "object"
input_schema.required = ["items"]
input_schema.properties.items = { type = "integer", minimum = 1 }
"""
ANY = 'input_schema.type = "object"'
HANDLERS = {
    "price": ("export default ({ args }) => ({ total: args.items * 3 })", SCHEMA),
    "plain": ("export default () => 1", ""),
    "wrong": ("export default () => 1", f'{ANY}\ninput_schema.properties.a.type = "no type"'),
    "fetches": ("export default () => 1", f'{ANY}\ninput_schema."$ref" = "http://127.0.0.1:9/x"'),
    "run_python": ("export default () => 1", ANY),
    "talks": ("export default () => console.log('password')", ANY),
}


@pytest.fixture(scope="session")
def cache_dir(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The one that our tests share with those of Nexus, where these run in the same session."""
    return os.environ.get("TESTS_CACHE_DIR") or str(tmp_path_factory.mktemp("cache"))


class Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:
        pass


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("handlers")
    for name, (source, manifest) in HANDLERS.items():
        (made / f"{name}.js").write_text(source)
        (made / f"{name}.toml").write_text(manifest)
    return made


@pytest.fixture(scope="module")
def embedded(folder: Path, cache_dir: str) -> Iterator[Embedded]:
    made = Embedded(str(folder), CEILING, cache_dir=cache_dir, compiler="cranelift")
    yield made
    made.close()


@pytest.fixture(scope="module")
def remote(folder: Path, cache_dir: str) -> Iterator[Remote]:
    """The same handlers behind a runtime API."""
    settings = {
        "handlers_dir": str(folder),
        "cache_dir": cache_dir,
        "compiler": "cranelift",
        "text_capabilities": "ext:user",
    }
    registry = CollectorRegistry()
    service = Service(config.load(settings, {}, folder).settings, registry)
    service.start()
    app = create_app(service, registry, b"secret")
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    made = Remote(f"http://127.0.0.1:{server.port}/", "secret", CEILING)
    yield made
    made.close()
    server.shutdown()
    thread.join()
    server.server_close()
    service.stop()


@pytest.fixture(params=["embedded", "remote"])
def backend(request: pytest.FixtureRequest) -> Backend:
    found: Backend = request.getfixturevalue(request.param)
    return found
