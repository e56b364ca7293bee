"""Runs start and stop hooks on threads of their own, with a time limit."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence

from nexus.plugins.check import described

log = logging.getLogger("nexus.plugins")

Call = Callable[[], object]


class Timed:
    """One hook of all plugins. Its threads are daemons: the process does not wait for them."""

    def __init__(self, hook: str, failed: Callable[[str], None]) -> None:
        """*failed* is called with the name of each plugin that raises or takes too long."""
        self._hook, self._failed = hook, failed
        self._threads: dict[str, threading.Thread] = {}

    def run(self, calls: Mapping[str, Call], timeout_s: float) -> None:
        """Make all calls (by the plugins' names) at once, and wait up to *timeout_s*."""
        deadline = time.monotonic() + timeout_s
        for name, call in calls.items():
            thread = threading.Thread(
                target=self._run, args=(name, call), name=f"nexus-plugin-{name}", daemon=True
            )
            self._threads[name] = thread
            thread.start()
        for name, thread in self._threads.items():
            thread.join(max(0.0, deadline - time.monotonic()))
            if thread.is_alive():
                log.error(
                    "plugin %s: %s takes more than %g s; going on without it",
                    *(name, self._hook, timeout_s),
                )
                self._failed(name)

    def running(self) -> set[str]:
        """Return the names of the plugins whose hook still runs."""
        return {name for name, thread in self._threads.items() if thread.is_alive()}

    def _run(self, name: str, call: Call) -> None:
        try:
            call()
        except BaseException as error:  # on a thread of ours: SystemExit would end that in silence
            log.error("plugin %s: %s failed: %s", name, self._hook, described(error))
            self._failed(name)


def close_all(
    made: Sequence[tuple[str, object]], timeout_s: float, failed: Callable[[str], None]
) -> None:
    """Close each object of *made* that has a `close`, in order; errors name its plugin.

    A thread of its own closes them; wait for it up to *timeout_s*.
    """
    closing: list[str] = []

    def work() -> None:
        closed: set[int] = set()
        for plugin, thing in made:
            if id(thing) in closed:  # a hook that is called again may return it again
                continue
            closed.add(id(thing))
            closing[:] = [plugin]
            try:
                close = getattr(thing, "close", None)
                if callable(close):
                    close()
            except BaseException as error:
                log.error("plugin %s: close failed: %s", plugin, described(error))
                failed(plugin)
        closing.clear()

    thread = threading.Thread(target=work, name="nexus-plugins-close", daemon=True)
    thread.start()
    thread.join(timeout_s)
    for plugin in closing:
        log.error("plugin %s: close takes more than %g s; going on without it", plugin, timeout_s)
        failed(plugin)
