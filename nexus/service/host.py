"""The worker that a plugin runs in, as the plugin sees it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from nexus.config import Settings
from nexus.model import Handler, PoolCounts
from nexus.service.handlers import Handlers


class PluginHost:
    """One worker for its plugins; see `nexus.plugin_api.host.Host`."""

    def __init__(
        self,
        settings: Callable[[], Settings],
        engine: str,
        handlers: Handlers,
        unready: Callable[[], str | None],
        counts: Callable[[], PoolCounts],
    ) -> None:
        self._settings, self._handlers = settings, handlers
        self._unready, self._counts = unready, counts
        self.engine = engine

    @property
    def settings(self) -> Settings:
        return self._settings()

    def handlers(self) -> Mapping[str, Handler]:
        return self._handlers.catalogue.handlers

    def problems(self) -> Mapping[str, str]:
        return {file: str(error) for file, error in self._handlers.catalogue.problems.items()}

    def unready(self) -> str | None:
        return self._unready()

    def pool_counts(self) -> PoolCounts:
        return self._counts()
