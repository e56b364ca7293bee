"""Joins the concrete parts of one worker; `start` and `stop` mirror each other."""

from __future__ import annotations

import logging
import sys
import time
from typing import Any

from prometheus_client import CollectorRegistry

from nexus import config
from nexus.config import Settings
from nexus.dispatch import Dispatcher, outcome_of
from nexus.engines import create_engine
from nexus.errors import HandlerNotFound, NexusError
from nexus.guest import guest_for
from nexus.handlers.cache import ArtifactCache
from nexus.handlers.catalogue import Catalogue, load_catalogue
from nexus.handlers.compiler import Compiler, CompilerLimits
from nexus.logs import guest_lines
from nexus.metrics import PathMetrics
from nexus.model import Context, Handler
from nexus.pool import Execution, InstancePool
from nexus.scheduling import Admission, Fifo
from nexus.watchdog import Watchdog

log = logging.getLogger("nexus.service")
guest_log = logging.getLogger("nexus.guest")

SWITCH_INTERVAL_S = 0.0005
"""with two endless loops in a worker, p99 of others was 43 ms at the default 5 ms, 11 ms at this
(DESIGN fact 8)"""


class Service:
    """One worker's service."""

    def __init__(
        self, settings: Settings, registry: CollectorRegistry | None, *, supervised: bool = False
    ) -> None:
        """*supervised*: something restarts this process when it ends, so a stuck guest may end it.

        Raises: EngineUnavailable.
        """
        self.settings = settings
        self.limits = config.limits(settings)
        self.engine = create_engine(settings.engine, settings.compiler, settings.cache_dir)
        self.cache = ArtifactCache(settings.cache_dir)
        self.compiler = Compiler(
            self.engine,
            self.cache,
            settings.cache_dir,
            CompilerLimits(settings.compile_timeout_ms / 1000, settings.compile_memory_mb << 20),
        )
        self.metrics = PathMetrics(registry)
        self.admission = Admission(
            Fifo(), max_running=settings.max_instances, max_queue=settings.max_queue
        )
        self.pool = InstancePool(self.engine, guest_for, max_instances=settings.max_instances)
        self.watchdog = Watchdog(settings.stuck_after_ms / 1000, exit_when_stuck=supervised)
        self.dispatcher = Dispatcher(self.admission, self.pool, self.watchdog, self._observe)
        self.catalogue = Catalogue({}, {})
        self.ready = False

    def start(self) -> None:
        """Load the handlers and start the watchdog.

        Raises: InvalidHandler where the handlers folder cannot be read.
        """
        sys.setswitchinterval(SWITCH_INTERVAL_S)
        self.watchdog.start()
        self.catalogue = load_catalogue(self.settings.handlers_dir, self.compiler, self.limits)
        keys = frozenset(h.compiled.key for h in self.catalogue.handlers.values())
        self.pool.retain(keys)
        self.ready = True
        log.info(
            "%d handlers, %d with problems, engine %s with %s",
            len(self.catalogue.handlers),
            len(self.catalogue.problems),
            self.engine.name,
            self.engine.compiler,
        )

    def warm(self) -> None:
        """Put an instance of each handler on the calling thread's shelf, where there is room."""
        for handler in self.catalogue.handlers.values():
            run = self.dispatcher.new_run(handler, time.monotonic())
            watch = self.watchdog.watch(run)
            try:
                if not self.pool.warm(handler, run):
                    return
            except NexusError as error:
                log.warning("%s cannot be made ready: %s", handler.name, error)
            finally:
                self.watchdog.unwatch(watch)

    def drain(self) -> None:
        """Let readiness fail; requests are still served."""
        self.ready = False

    def stop(self) -> None:
        """Turn new requests away, wait for those under way, let everything go."""
        self.ready = False
        self.admission.close()
        longest = max((h.limits.timeout_s for h in self.catalogue.handlers.values()), default=0.0)
        self.admission.wait_idle(longest + 1.0)
        self.pool.shutdown()
        self.watchdog.close()

    def _observe(self, handler: Handler, run: Execution, error: NexusError | None) -> None:
        self.metrics.record(handler, run.usage, outcome_of(error), error)
        if run.stderr:
            fields = {"handler": handler.name, "execution_id": run.execution_id}
            for line in guest_lines(bytes(run.stderr)):
                guest_log.info("%s", line, extra={"fields": fields})


class WasmRuntime:
    """The embedding API: run a handler with a JSON context."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def execute_handler(
        self, handler: str, context: bytes, timeout_ms: int | None = None
    ) -> tuple[Any, Execution]:
        """Run *handler* with the JSON *context* on its stdin; return the JSON value that it wrote
        and what it used.

        Raises: HandlerNotFound, and what `Dispatcher.run` raises.
        """
        found = self._service.catalogue.handlers.get(handler)
        if found is None:
            raise HandlerNotFound(f"no handler {handler!r}")
        dispatcher = self._service.dispatcher
        timeout_s = None if timeout_ms is None else timeout_ms / 1000
        run = dispatcher.new_run(found, time.monotonic(), timeout_s)
        return dispatcher.run(found, Context(context), run), run
