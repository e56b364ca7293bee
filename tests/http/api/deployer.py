"""An API to deploy to, in the test's process."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry

from nexus.http import create_app
from tests.http.api.conftest import TOKEN, Api
from tests.http.conftest import Answer, Client, make_service
from tests.support import shared_cache

JS = "text/javascript"


def says(text: str) -> bytes:
    return f'export default {{ fetch: () => new Response("{text}") }};'.encode()


class Deployer(Api):
    """An API whose service is started, on a folder with one handler in a file."""

    def put(
        self, name: str, body: bytes, kind: str = JS, query: str = "", **environ: str
    ) -> Answer:
        given = {"CONTENT_TYPE": kind, "QUERY_STRING": query, **environ}
        return self.call("PUT", f"/v1/handlers/{name}", None, raw=body, **given)

    def deployed(self, name: str, body: bytes, kind: str = JS, **environ: str) -> Any:
        answer = self.put(name, body, kind, **environ)
        assert answer.code in (200, 201), answer.body
        return json.loads(answer.body)

    def text(self, path: str, **environ: str) -> str:
        return self.client.call(path, **environ).body.decode()


@contextmanager
def deployer(scratch: Path, **settings: str) -> Iterator[Deployer]:
    folder = scratch / "handlers"
    folder.mkdir()
    (folder / "old.js").write_bytes(says("file"))
    registry = CollectorRegistry()
    given = {"CACHE_DIR": str(shared_cache()), **settings}
    service = make_service(
        folder, registry, **{f"NEXUS_{name}": value for name, value in given.items()}
    )
    service.start()
    assert service.handlers.wait_loaded(60)
    app = create_app(service, registry, TOKEN.encode())
    yield Deployer(Client(app, service, registry))
    service.stop(grace_s=5.0)
