"""Services in the test's process, with the built-in plugins alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from prometheus_client import CollectorRegistry

from nexus.config import Settings
from nexus.plugins import load_plugins
from nexus.service import Service
from tests.support import shared_cache


@contextmanager
def service_on(
    folder: Path, state: Path, registry: CollectorRegistry | None = None
) -> Iterator[Service]:
    """A service on the handlers in *folder*, which the test starts and this stops."""
    settings = Settings(
        handlers_dir=folder,
        cache_dir=shared_cache(),
        state_dir=state,
        compiler="cranelift",
        memory_limit_mb=64,
    )
    made = Service(settings, registry, plugins=load_plugins({}, registry, outside=()), environ={})
    yield made
    made.stop(0.0)
