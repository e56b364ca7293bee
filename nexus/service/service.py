"""One worker: starts and stops its parts in mirrored order."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from prometheus_client import CollectorRegistry

from nexus import config, logs
from nexus.config import LiveSettings, Settings
from nexus.errors import NexusError
from nexus.handlers.settling import ClaimsFile
from nexus.live import Live
from nexus.metrics import Flusher
from nexus.metrics.versions import VersionStoreIsUp
from nexus.model import Handler, Limits, PoolCounts
from nexus.plugin_api.extensions import Extension
from nexus.plugins import Plugins, load_plugins
from nexus.pool import WarmedThreads
from nexus.service.build import (
    build,
    compiler_limits,
    key_value_limits,
    outbound_limits,
    plugin_timeout_s,
    secrets_of,
)
from nexus.service.handlers import Handlers
from nexus.service.host import PluginHost
from nexus.service.scheduled import schedules_of
from nexus.service.shared_artifacts import share_artifacts
from nexus.versions.ledger import Quotas
from nexus.versions.stores.choose import open_store
from nexus.versions.stores.guarded import Guarded
from nexus.versions.versions import Versions

log = logging.getLogger("nexus.service")


class Service:
    """One worker's service."""

    def __init__(
        self,
        settings: Settings,
        registry: CollectorRegistry | None,
        *,
        plugins: Plugins | None = None,
        stuck_log: int | None = None,
        live: LiveSettings | None = None,
        run_dir: Path | None = None,
        extensions: Mapping[str, Extension] | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        """*plugins* None: the built-in ones.

        *stuck_log*: a file descriptor; if given, a guest that does not stop ends the process, after
        writing the threads' stacks there, and a supervisor starts another.
        *run_dir*: the folder where one master's workers find each other, and their shared `key`.
        *extensions*: answer guests' calls at once, beside the plugins' ones. *live* reports changes
        of *settings* once this is started. *environ*: holds secrets of handlers; None: this
        process's environment.

        Raises: EngineUnavailable, ConfigError.
        """
        self.settings, self._live, self._run_dir = settings, live, run_dir
        self.plugins = plugins or load_plugins({}, registry, outside=())
        self.parts = parts = build(
            settings,
            registry,
            self.plugins,
            extensions or {},
            stuck_log=stuck_log,
            run_dir=run_dir,
        )
        self.limits, self.engine, self.abis = parts.limits, parts.engine, parts.abis
        self.compiler, self.tiers = parts.compiler, parts.tiers
        self.admission, self.pool, self.lane = parts.admission, parts.pool, parts.lane
        self.dispatcher, self.filters = parts.dispatcher, parts.filters
        self.suspensions, self.metrics = parts.suspensions, parts.metrics
        self.plugin_errors = parts.plugin_errors
        self.access_log = logs.AccessLog(settings.log_format) if settings.access_log else None
        self.secrets = secrets_of(settings, environ)
        self.handlers = Handlers(
            parts,
            settings.handlers_dir,
            settings.min_instances,
            ClaimsFile(None if run_dir is None else run_dir / "claims.json"),
            self.secrets,
        )
        self.versions = Versions(
            Guarded(open_store(settings.version_store, settings.state_dir)),
            settings.state_dir / "versions",
            parts.abis,
            self.handlers,
            lambda: Quotas(self.settings.max_versions, self.settings.max_versions_mb << 20),
        )
        share_artifacts(parts.cache, lambda: self.settings, registry)
        self.host = PluginHost(
            lambda: self.settings, parts.engine.name, self.handlers, self.unready, self.pool_counts
        )
        self.schedules = schedules_of(parts)
        self._store_is_up = VersionStoreIsUp(registry)
        self._flusher = Flusher(self.flush_metrics)
        self._watched: Live | None = None
        self._prepared = False
        self._started = False
        self.draining = False

    def unready(self) -> str | None:
        """Return why this worker should get no requests now; None if it should."""
        if self.draining:
            return "draining"
        if not self.handlers.warmed:
            return "the handlers are still being loaded"
        if self.versions.knows_less:
            return "the store of versions has not been read yet"
        if self.parts.watchdog.stuck:
            return "a guest does not stop"
        return None

    def before_wait(self, callback: Callable[[], None]) -> None:
        """Register *callback*, to run on a request's own thread just before it blocks or once it
        proves slow."""
        self.lane.before_wait = self.admission.before_wait = callback

    def around_outbound(self, begins: Callable[[], None], ends: Callable[[], None]) -> None:
        """Register two callbacks, to run on a request's own thread before and after it waits for
        the answer to an outbound request."""
        self.parts.outbound.wait_begins, self.parts.outbound.wait_ends = begins, ends

    @property
    def orders(self) -> bool:
        """True if a policy must order the requests, so that each needs a thread."""
        return self.settings.scheduling_policy != "fifo"

    # ---- start and stop ---------------------------------------------------------------------

    def prepare(self) -> None:
        """Start what a request needs, once; a server that accepts requests before `start` calls
        this first. Raises: OSError.
        """
        if self._prepared:
            return
        self._prepared = True
        self.parts.watchdog.start()
        self.suspensions.start(self._run_dir)

    def start(self, threads: WarmedThreads | None = None) -> None:
        """Start all parts; the handlers load in the background (`handlers.loaded`).

        *threads*: those that will run requests, to warm instances on.
        """
        self._check_threads()
        self.prepare()
        self._started = True
        if self._watched is not None:
            self._watched.start(self._run_dir)
        self._flusher.start()
        self.versions.start()
        self.handlers.on_serving = self.schedules.serve
        self.handlers.start(threads)
        if self._live is not None:
            self._live.start(self.apply)
        self._start_plugins()

    def start_with(self, folder: Path) -> None:
        """Start with the handlers in *folder*, loaded at once and not watched.

        Raises: InvalidHandler if the folder cannot be read.
        """
        self.prepare()
        self.handlers.load_folder(folder)
        self._start_plugins()

    def start_with_module(self, path: Path, limits: Limits | None = None) -> Handler:
        """Start with only the handler at *path*, and return it.

        Raises: HandlerError.
        """
        self.prepare()
        handler = self.handlers.load_file(path, limits)
        self._start_plugins()
        return handler

    def start_without_handlers(self) -> None:
        """Start with source text only, without a folder."""
        self.prepare()
        self._start_plugins()

    def drain(self) -> None:
        """Make readiness fail; requests are still served, but no schedule begins a run."""
        self.draining = True
        self.schedules.close(0.0)

    def stop(self, grace_s: float | None = None) -> None:
        """Reject new requests, wait for those under way, close every part.

        *grace_s*: how long to wait; None: as long as the longest deadline may take.
        """
        self.draining = True
        if self._live is not None:
            self._live.close()
        self.schedules.close(1.0)
        self.versions.close()
        self.handlers.close()
        self.admission.close()
        if grace_s is None:
            grace_s = 1.0 + self.handlers.longest_timeout_s
        until = time.monotonic() + grace_s
        self.suspensions.close(grace_s)
        self.admission.wait_idle(max(0.0, until - time.monotonic()))
        timeout_s = plugin_timeout_s(self.settings)
        self.plugins.stop(self.host, timeout_s, self.plugin_errors.count)
        self.plugins.close(timeout_s, self.plugin_errors.count)
        self.parts.outbound.close()
        self.parts.key_values.close()
        self.pool.shutdown()
        self._flusher.close()
        self.metrics.close()
        self.parts.watchdog.close()
        if self._watched is not None:
            self._watched.close(1.0)

    def _start_plugins(self) -> None:
        timeout_s = plugin_timeout_s(self.settings)
        self.plugins.start(self.host, timeout_s, self.plugin_errors.count)

    def _check_threads(self) -> None:
        settings = self.settings
        enough = settings.threads > settings.max_instances or self.admission.holds_back
        if self.orders and not enough:
            log.warning(
                "scheduling_policy %s has no effect: threads (%d) must exceed max_instances (%d); "
                "otherwise requests queue in gunicorn, where no policy sees them",
                settings.scheduling_policy,
                settings.threads,
                settings.max_instances,
            )

    # ---- while it runs ----------------------------------------------------------------------

    def apply(self, settings: Settings) -> None:
        """Use other *settings*, as far as they may change while running (`config.LIVE_NAMES`).

        Any thread may call this. Requests under way keep the limits they began with.
        """
        before, self.settings = self.settings, settings
        if settings.log_level != before.log_level:
            logs.set_level(settings.log_level)
        self.pool.resize(
            max_instances=settings.max_instances, max_memory_bytes=settings.pool_memory_mb << 20
        )
        self.admission.resize(max_running=settings.max_instances, max_queue=settings.max_queue)
        self.admission.reweigh(settings.scheduling_weights)
        self.parts.cache.resize(settings.cache_max_mb << 20)
        self.compiler.set_limits(compiler_limits(settings))
        if self.tiers is not None:
            self.tiers.quick.set_limits(compiler_limits(settings))
        self.parts.outbound.limits = outbound_limits(settings)
        self.parts.key_values.limits = key_value_limits(settings)
        self.limits = config.limits(settings)
        self.suspensions.resize_stacks(self.limits.stack_bytes)
        self.handlers.set_limits(self.limits)

    def watch(self) -> Live:
        """Return what happens now in all workers of the pod; from the first call on, keep it."""
        if self._watched is None:
            self._watched = Live(self.access_log, self.parts.failures, self.pool_counts)
            if self._started:
                self._watched.start(self._run_dir)
        return self._watched

    def flush_metrics(self) -> None:
        """Write the latest counts to the metrics."""
        self._store_is_up.set(self.versions.problem is None)
        self.metrics.flush(self.pool_counts())

    def pool_counts(self) -> PoolCounts:
        """Return the counts of pool and queue at this moment."""
        pool = self.pool
        return PoolCounts(
            active=pool.active_count(),
            available=pool.available_count(),
            suspended=pool.suspended_count(),
            waiting=self.admission.depth(),
            created=pool.instances_created(),
            limit=self.admission.limit(),
        )

    def refused(self, handler: Handler | None, error: NexusError) -> None:
        """Count a request that was not run; *handler* None: it was not for a handler."""
        self.metrics.refuse(None if handler is None else handler.name, error)
