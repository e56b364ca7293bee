"""Plugins that see what one run asks of other services."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar

from nexus.errors import is_interrupt
from nexus.model import OutboundRecord
from nexus.plugin_api.filters import CallObserver, KeyValueCall, OutboundCall
from nexus.run import Execution

log = logging.getLogger("nexus.plugins")

T = TypeVar("T")
R = TypeVar("R")

Count = Callable[[str], None]
"""Counts an error of the plugin with this name"""


class Guarded(Generic[T]):
    """An object of a plugin's, whose errors are logged and counted, and go no further."""

    def __init__(self, plugin: str, found: T, count: Count) -> None:
        self.plugin, self._found, self._count = plugin, found, count

    def call(self, function: Callable[[T], R]) -> R | None:
        """Return what *function* makes of the object; None if it raises."""
        try:
            return function(self._found)
        except BaseException as error:
            if is_interrupt(error):
                raise
            log.exception("plugin %s: its observer of calls failed", self.plugin)
            self._count(self.plugin)
            return None


class Observers:
    """The `CallObserver` of one run, for all plugins that have one."""

    def __init__(self, observers: Sequence[Guarded[CallObserver]], count: Count) -> None:
        self._observers, self._count = observers, count

    def outbound(self, method: str, url: str, headers: Mapping[str, str]) -> OutboundCall:
        """Return the request as the plugins have seen it begin."""
        begun = _Begun()
        for observer in self._observers:
            call = observer.call(lambda found: found.outbound(method, url, headers))
            if call is not None:
                guarded = Guarded(observer.plugin, call, self._count)
                begun.calls.append(guarded)
                begun.headers |= guarded.call(lambda found: dict(found.headers)) or {}
        return begun

    def key_value(self, call: KeyValueCall) -> None:
        """Show an operation to the plugins."""
        for observer in self._observers:
            observer.call(lambda found: found.key_value(call))


def let_see(run: Execution, observers: Sequence[Guarded[Any]], count: Count) -> None:
    """Let *observers*, which are `CallObserver`s, see the calls of *run*."""
    if observers:
        observer = Observers(observers, count)
        for calls in (run.outbound, run.key_value):
            if calls is not None:
                calls.observer = observer


class _Begun:
    """An `OutboundCall` of all plugins together."""

    def __init__(self) -> None:
        self.calls: list[Guarded[OutboundCall]] = []
        self.headers: dict[str, str] = {}

    def end(self, record: OutboundRecord) -> None:
        for call in self.calls:
            call.call(lambda found: found.end(record))
