"""One sink that stands for several: ours, called directly, and others, which may fail.

If a method of an outside sink raises, the first exception is logged and each is counted; the
request and the other sinks continue. `flush` and `close` may wait for a network: each outside sink
has a thread for them, so neither `/metrics` nor the end of the process waits for it.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from nexus.errors import NexusError, is_interrupt
from nexus.model import Handler, OutboundRecord, Outcome, PoolCounts, ScheduledRun, Usage
from nexus.plugin_api.metrics import MetricsSink, SuspensionSink

log = logging.getLogger("nexus.plugins")


class Guarded:
    """An outside sink that can neither fail nor block its caller."""

    def __init__(self, plugin: str, sink: MetricsSink, failed: Callable[[str], None]) -> None:
        """*failed* is called with the plugin's name whenever a method of the sink raises."""
        self.plugin, self.sink, self._failed = plugin, sink, failed
        self._lock = threading.Lock()  # guards the next four fields
        self._logged: set[str] = set()
        self._now = PoolCounts()
        self._closing = False
        self._thread: threading.Thread | None = None
        self._wanted = threading.Event()

    def report(self, method: str) -> None:
        """Report, in an `except` clause, that *method* raised."""
        with self._lock:
            first = method not in self._logged
            self._logged.add(method)
        if first:
            log.exception("plugin %s: its metrics sink's %s failed", self.plugin, method)
        self._failed(self.plugin)

    def flush(self, now: PoolCounts) -> None:
        """Make the sink's thread flush; if it is still busy, it flushes again afterwards."""
        with self._lock:
            self._now = now
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._work, name=f"nexus-sink-{self.plugin}", daemon=True
                )
                self._thread.start()
        self._wanted.set()

    def close(self) -> None:
        """Make the sink's thread flush for the last time and close the sink."""
        with self._lock:
            self._closing = True
            now = self._now
        self.flush(now)

    def wait_closed(self, deadline: float) -> None:
        """Wait until the sink is closed, up to *deadline* (monotonic seconds)."""
        assert self._thread is not None  # `close` came before
        self._thread.join(max(0.0, deadline - time.monotonic()))
        if self._thread.is_alive():
            log.error("plugin %s: its metrics sink does not close; going on", self.plugin)
            self._failed(self.plugin)

    def _work(self) -> None:
        closing = False
        while not closing:
            self._wanted.wait()
            self._wanted.clear()
            with self._lock:
                closing, now = self._closing, self._now
            self._try("flush", lambda: self.sink.flush(now))  # noqa: B023  called at once
        self._try("close", self.sink.close)

    def _try(self, method: str, call: Callable[[], None]) -> None:
        try:
            call()
        except BaseException as error:
            if is_interrupt(error):
                raise
            self.report(method)


class FanOut:
    """A sink that passes every call to several sinks."""

    def __init__(
        self,
        own: SuspensionSink | None,
        others: Sequence[tuple[str, MetricsSink]],
        failed: Callable[[str], None],
        close_s: float,
    ) -> None:
        """*others* have their plugins' names. *close_s*: how long `close` waits for them."""
        self._own = [own] if own is not None else []
        self._others = [Guarded(plugin, sink, failed) for plugin, sink in others]
        self._close_s = close_s

    def record(
        self, handler: Handler, usage: Usage, outcome: Outcome, error: NexusError | None
    ) -> None:
        for sink in self._own:
            sink.record(handler, usage, outcome, error)
        for other in self._others:
            try:
                other.sink.record(handler, usage, outcome, error)
            except BaseException as raised:
                if is_interrupt(raised):
                    raise
                other.report("record")

    def refuse(self, handler: str | None, error: NexusError) -> None:
        self._tell("refuse", lambda sink: sink.refuse(handler, error))

    def cache_request(self, result: str) -> None:
        self._tell("cache_request", lambda sink: sink.cache_request(result))

    def suspension(self, outcome: str) -> None:
        def tell(sink: Any) -> None:
            if hasattr(sink, "suspension"):
                sink.suspension(outcome)

        self._tell("suspension", tell)

    def outbound(self, record: OutboundRecord) -> None:
        def tell(sink: Any) -> None:
            if hasattr(sink, "outbound"):
                sink.outbound(record)

        self._tell("outbound", tell)

    def scheduled(self, run: ScheduledRun) -> None:
        def tell(sink: Any) -> None:
            if hasattr(sink, "scheduled"):
                sink.scheduled(run)

        self._tell("scheduled", tell)

    def compilation(self, tier: str, seconds: float) -> None:
        self._tell("compilation", lambda sink: sink.compilation(tier, seconds))

    def serving(self, handlers: Iterable[Handler]) -> None:
        known = list(handlers)
        self._tell("serving", lambda sink: sink.serving(known))

    def flush(self, now: PoolCounts) -> None:
        for sink in self._own:
            sink.flush(now)
        for other in self._others:
            other.flush(now)

    def close(self) -> None:
        deadline = time.monotonic() + self._close_s
        for other in self._others:
            other.close()
        for sink in self._own:
            sink.close()
        for other in self._others:
            other.wait_closed(deadline)

    def _tell(self, method: str, call: Callable[[MetricsSink], None]) -> None:
        for sink in self._own:
            call(sink)
        for other in self._others:
            try:
                call(other.sink)
            except BaseException as error:
                if is_interrupt(error):
                    raise
                other.report(method)
