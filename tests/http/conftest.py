"""The app in the test's process, over a real service with small handlers in the text format."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from wsgiref.util import setup_testing_defaults

import pytest
from flask import Flask
from prometheus_client import CollectorRegistry

from nexus import config
from nexus.http import create_app
from nexus.plugins import Plugins
from nexus.service import Service
from tests.wat import one, prints

OK = "Content-Type: text/plain\n\nhello"
HANDLERS = {
    "hello": (prints(OK), ""),
    "limited": (prints(OK), 'methods = ["GET", "PUT"]'),
    "empty": (prints("Status: 204\n\nnot to be sent"), ""),
    "leaky": (prints("Traceback: no such password: hunter2"), ""),
    "lengthy": (prints("Content-Type: text/plain\nContent-Length: 1234\n\n"), ""),
    "bodiless": (prints("Content-Type: text/plain\n\n"), ""),
    "unmodified": (prints("Status: 304\nETag: x\nContent-Length: 1234\n\n"), ""),
    "odd": (prints("Status: 299\n\nodd"), ""),
    "reasoned": (prints("Status: 418 Short and stout\n\ntea"), ""),
    "forger": (prints("Content-Type: text/plain\nX-Nexus-Outcome: trap\n\nhello"), ""),
    "trap": (one("unreachable"), ""),
    "silent": (one(""), ""),
    "spin": (one("(loop (br 0))"), "timeout_ms = 400"),
    "slow": (prints(OK), "timeout_ms = 150"),
}


@dataclass
class Answer:
    status: str
    headers: list[tuple[str, str]]
    body: bytes

    @property
    def code(self) -> int:
        return int(self.status.split()[0])

    def header(self, name: str) -> str | None:
        """The one header of this name. More than one is an error."""
        found = [value for key, value in self.headers if key.lower() == name.lower()]
        assert len(found) < 2, found
        return found[0] if found else None

    def problem(self) -> dict[str, Any]:
        """The answer as the problem it must be."""
        assert self.header("Content-Type") == "application/problem+json"
        found: dict[str, Any] = json.loads(self.body)
        assert found["status"] == self.code
        return found


class Client:
    """Calls a WSGI app as a server does, with any environ and any input stream."""

    def __init__(self, app: Flask, service: Service, registry: CollectorRegistry) -> None:
        self.app, self.service, self._registry = app, service, registry

    def call(
        self, path: str, method: str = "GET", body: Any = None, /, **environ: object
    ) -> Answer:
        """*body*: bytes, or a stream whose length *environ* says."""
        if isinstance(body, bytes):
            environ = {"CONTENT_LENGTH": str(len(body)), **environ}
            body = io.BytesIO(body)
        given: dict[str, Any] = {"REQUEST_METHOD": method, "PATH_INFO": path, **environ}
        setup_testing_defaults(given)
        given["wsgi.input"] = io.BytesIO() if body is None else body
        said: list[tuple[str, list[tuple[str, str]]]] = []
        made = self.app.wsgi_app(
            given, lambda status, headers, _=None: said.append((status, headers))
        )  # type: ignore[arg-type,func-returns-value]
        content = b"".join(made)
        if close := getattr(made, "close", None):
            close()
        assert len(said) == 1
        return Answer(*said[0], content)

    def count(self, name: str, **labels: str) -> float:
        """What a metric says now."""
        self.service.flush_metrics()
        return self._registry.get_sample_value(f"nexus_{name}", labels) or 0.0

    def metrics(self, name: str) -> list[tuple[dict[str, str], float]]:
        """The labels and values of all samples called *name*."""
        self.service.flush_metrics()
        return [
            (sample.labels, sample.value)
            for family in self._registry.collect()
            for sample in family.samples
            if sample.name == name
        ]


def make_service(
    folder: Path, registry: CollectorRegistry, plugins: Plugins | None = None, **settings: str
) -> Service:
    """A service on *folder* that is not started."""
    environ = {
        "NEXUS_HANDLERS_DIR": str(folder),
        "NEXUS_CACHE_DIR": str(folder / "cache"),
        "NEXUS_COMPILER": "cranelift",
        "NEXUS_MAX_REQUEST_BYTES": "1000",
        "NEXUS_ACCESS_LOG": "false",
        **settings,
    }
    return Service(config.load({}, environ, folder).settings, registry, plugins=plugins)


@pytest.fixture(scope="package")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """The app over every handler of `HANDLERS`."""
    folder = tmp_path_factory.mktemp("handlers")
    for name, (module, manifest) in HANDLERS.items():
        (folder / f"{name}.wat").write_text(module)
        (folder / f"{name}.toml").write_text(manifest)
    registry = CollectorRegistry()
    service = make_service(folder, registry)
    service.start_with(folder)
    assert not service.handlers.catalogue.problems
    yield Client(create_app(service, registry), service, registry)
    service.stop(grace_s=5.0)


@pytest.fixture
def counts(client: Client) -> Callable[..., Callable[[], float]]:
    """How much a metric has grown since the test asked for it."""

    def since(name: str, **labels: str) -> Callable[[], float]:
        before = client.count(name, **labels)
        return lambda: client.count(name, **labels) - before

    return since


class Trickle:
    """A body that arrives a byte at a time, without end."""

    def __init__(self, pause_s: float) -> None:
        self._pause_s = pause_s

    def read(self, size: int) -> bytes:
        time.sleep(self._pause_s)  # the client's slowness, which is what is tested
        return b"x"
