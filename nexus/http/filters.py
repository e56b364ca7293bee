"""Request filters of plugins, around one request."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from nexus.errors import InternalError, NexusError, is_interrupt
from nexus.model import Handler, HttpResponse, Outcome
from nexus.plugin_api.filters import CallObserver, RequestFilter
from nexus.run import Execution
from nexus.service import Service
from nexus.service.observers import Guarded, let_see

log = logging.getLogger("nexus.plugins")

Filters = Sequence[tuple[str, RequestFilter]]
"""Pairs of a plugin's name and its request filter, in the order in which they are called."""


class Filtering:
    """Calls the filters for one request. Made only if there are filters."""

    def __init__(self, filters: Filters, service: Service) -> None:
        self._filters, self._service = filters, service
        self._begun = 0

    def begin(self, handler: Handler, environ: dict[str, Any]) -> None:
        """Call `begin` of each filter, until one refuses the request.

        Raises: NexusError if the filter raises one; InternalError if it raises anything else.
        """
        for plugin, found in self._filters:
            try:
                found.begin(handler, environ)
            except NexusError:
                raise
            except BaseException as error:
                if is_interrupt(error):
                    raise
                self._report(plugin, "begin")
                raise InternalError(f"the request filter of plugin {plugin} failed") from error
            self._begun += 1

    def observe(self, handler: Handler, environ: dict[str, Any], run: Execution) -> None:
        """Let the filters that want to see the calls of *run*."""
        observers: list[Guarded[CallObserver]] = []
        for plugin, found in self._filters:
            if not hasattr(found, "observer"):
                continue
            maker: Guarded[Any] = Guarded(plugin, found, self._count)
            made = maker.call(lambda of: of.observer(handler, environ))
            if made is not None:
                observers.append(Guarded(plugin, made, self._count))
        let_see(run, observers, self._count)

    def end(
        self,
        handler: Handler,
        environ: dict[str, Any],
        response: HttpResponse,
        outcome: Outcome,
        run: Execution | None,
    ) -> None:
        """Call `end` of each filter whose `begin` returned, in reverse order. An error in an `end`
        is only logged."""
        usage = run.usage if run is not None and run.usage.duration_s else None  # set by a run
        for plugin, found in reversed(self._filters[: self._begun]):
            try:
                found.end(handler, environ, response, outcome, usage)
            except BaseException as error:
                if is_interrupt(error):
                    raise
                self._report(plugin, "end")

    def _report(self, plugin: str, method: str) -> None:
        log.exception("plugin %s: its request filter's %s failed", plugin, method)
        self._count(plugin)

    def _count(self, plugin: str) -> None:
        self._service.plugin_errors.count(plugin)
