"""The app in the test's process, with plugins made by the test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from prometheus_client import CollectorRegistry

from nexus.http import create_app
from tests.http.conftest import Client, make_service
from tests.wat import one, prints

from .support import plugins

HELLO = prints("Content-Type: text/plain\n\nhello")
TRAP = one("unreachable")


@contextmanager
def serving(
    folder: Path, made: dict[str, object], settings: dict[str, str] | None = None
) -> Iterator[Client]:
    """A client of an app that serves what is in *folder*, or else `/hello` and `/trap`."""
    if not list(folder.glob("*.wat")):
        (folder / "hello.wat").write_text(HELLO)
        (folder / "trap.wat").write_text(TRAP)
    registry = CollectorRegistry()
    off = (settings or {}).get("NEXUS_DISABLED_PLUGINS", "")
    found = plugins(registry, {"NEXUS_DISABLED_PLUGINS": off}, **made)
    environ = {"NEXUS_ENGINE": "wasmtime", "NEXUS_CACHE_DIR": shared_cache().name}
    environ |= settings or {}
    service = make_service(folder, registry, found, **environ)
    service.start_with(folder)
    try:
        assert not service.handlers.catalogue.problems
        yield Client(create_app(service, registry), service, registry)
    finally:
        service.stop(grace_s=5.0)


@cache
def shared_cache() -> TemporaryDirectory[str]:
    """Where compiled handlers stay from test to test."""
    return TemporaryDirectory(prefix="nexus-tests-")
