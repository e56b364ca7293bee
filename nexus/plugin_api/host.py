"""The worker that a plugin runs in, as the plugin sees it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from nexus.model import Handler, PoolCounts
from nexus.plugin_api.settings import Settings


class Host(Protocol):
    """One worker, as plugins see it. Thread-safe."""

    @property
    def settings(self) -> Settings:
        """The settings now: live ones change while the worker runs."""
        ...

    @property
    def engine(self) -> str:
        """The name of the engine, such as `wasmtime`."""
        ...

    def handlers(self) -> Mapping[str, Handler]:
        """Return the handlers that serve, by name; empty while they are being loaded."""
        ...

    def problems(self) -> Mapping[str, str]:
        """Return why files of the handlers folder cannot serve, by file name."""
        ...

    def unready(self) -> str | None:
        """Return why this worker should get no requests now; None if it should."""
        ...

    def pool_counts(self) -> PoolCounts:
        """Return the counts of pool and queue at this moment."""
        ...
