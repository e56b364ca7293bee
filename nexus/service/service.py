"""Joins the concrete parts of one worker; `start` and `stop` mirror each other."""

from __future__ import annotations

import logging
import os
import secrets
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from pathlib import Path

from prometheus_client import CollectorRegistry

from nexus import config, logs
from nexus.compiler.cache import ArtifactCache
from nexus.compiler.compiler import Compiler, CompilerLimits
from nexus.compiler.runtimes import runtime_of
from nexus.compiler.tiers import TieredCompiler
from nexus.config import LiveSettings, Settings
from nexus.engines import create_engine
from nexus.errors import EngineUnavailable, GuestError, InternalError, NexusError
from nexus.guest import guest_for
from nexus.handlers.catalogue import Catalogue, load_catalogue, load_handler
from nexus.handlers.manifest import nearest_name
from nexus.handlers.settling import ClaimsFile
from nexus.handlers.sources import Source, find_sources, named_file
from nexus.handlers.texts import SourceTexts
from nexus.handlers.watcher import HandlersWatcher
from nexus.logs import guest_lines, split_level
from nexus.metrics import FanOut, Flusher, PluginErrors
from nexus.model import Handler, Isolation, Limits, PoolCounts
from nexus.plugin_api.engine import Engine
from nexus.plugin_api.extensions import Extension
from nexus.plugin_api.metrics import SuspensionSink
from nexus.plugins import Plugins, load_plugins
from nexus.pool import InstancePool, spread, warm_threads
from nexus.run import Execution
from nexus.run.account import CpuAccount
from nexus.run.dispatch import Dispatcher, outcome_of
from nexus.run.lane import SlowLane
from nexus.run.native_stack import EXTENSION_BYTES, RESERVE_BYTES
from nexus.run.shares import Shares
from nexus.run.watchdog import Watchdog
from nexus.scheduling import Admission
from nexus.service.policy import policy_of, policy_options
from nexus.suspension import Extensions, SuspensionBook, SuspensionIds, Suspensions

log = logging.getLogger("nexus.service")
guest_log = logging.getLogger("nexus.guest")


def compiler_limits(settings: Settings) -> CompilerLimits:
    """What one compilation may use."""
    return CompilerLimits(settings.compile_timeout_ms / 1000, settings.compile_memory_mb << 20)


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
    ) -> None:
        """*plugins* None: those that come with Nexus.

        *stuck_log*: a file descriptor; given, a guest that does not stop ends the process, for
        a supervisor to start another, and the threads' stacks are written there first.
        *run_dir*: where the workers of one master find each other, with a `key` of theirs.
        *extensions*: what answers guests' calls at once, beside the plugins'. *live*: what tells
        of changes of *settings* once this is started.

        Raises: EngineUnavailable, ConfigError.
        """
        self.settings, self._live = settings, live
        self.plugins = plugins or load_plugins({}, registry, outside=())
        self.plugin_errors = PluginErrors(registry)
        self.limits = config.limits(settings)
        self._engines = self.plugins.engines()
        self.engine = self._create_engine(settings.engine, settings.compiler)
        self.metrics = self._sink()
        self.cache = ArtifactCache(
            settings.cache_dir, self.metrics.cache_request, settings.cache_max_mb << 20
        )
        self._runtime = runtime_of(settings.javascript_runtime, settings.javascript_runtime_sha256)
        self.compiler = self._compiler(self.engine)
        self.tiers = self._tiers()
        self.admission = self._admission()
        self.pool = InstancePool(
            self.engine,
            guest_for,
            max_instances=settings.max_instances,
            max_memory_bytes=settings.pool_memory_mb << 20,
        )
        self.watchdog = Watchdog(settings.stuck_after_ms / 1000, stuck_log=stuck_log)
        self.lane = lane = SlowLane(self._parallel_guests())
        shares = Shares(settings.workers)
        answering = Extensions(self.plugins.host_functions(settings) | dict(extensions or {}))
        self.dispatcher = Dispatcher(
            self.admission,
            self.pool,
            self.watchdog,
            self._observe,
            lambda handler: CpuAccount(lane, shares.of(handler)),
            answering,
        )
        self.filters = tuple(self.plugins.request_filters(settings))
        self._run_dir = run_dir
        self._claims_file = ClaimsFile(None if run_dir is None else run_dir / "claims.json")
        self.suspensions = self._suspensions(answering)
        self.flusher = Flusher(self.flush_metrics)
        self.watcher = HandlersWatcher(settings.handlers_dir, self._load)
        self.catalogue = Catalogue()
        self.texts = SourceTexts(self.tiers or self.compiler, lambda: self.limits, self._retain)
        self._loaded = threading.Event()
        self.warmed = False
        """whether instances were made warm once"""
        self.draining = False
        self._threads: Executor | None = None

    def _create_engine(self, name: str, compiler: str) -> Engine:
        return create_engine(name, compiler, self.settings.cache_dir, self._engines)

    def _sink(self) -> SuspensionSink:
        """All sinks as one; the built-in one itself where it is alone, as it is on most pods."""
        own, others = self.plugins.metrics_sinks(self.settings)
        self.has_own_metrics = own is not None
        if own is not None and not others:
            return own
        return FanOut(own, others, self.plugin_errors.count, self._plugin_timeout_s())

    def _plugin_timeout_s(self) -> float:
        return self.settings.plugin_timeout_ms / 1000

    def _admission(self) -> Admission:
        """Raises: ConfigError where the policy asked for is not there."""
        settings = self.settings
        return Admission(
            policy_of(settings, self.plugins),
            max_running=settings.max_instances,
            max_queue=settings.max_queue,
            options=policy_options(settings),
        )

    def _compiler(self, engine: Engine) -> Compiler:
        settings = self.settings
        return Compiler(
            engine,
            self.cache,
            settings.cache_dir,
            compiler_limits(settings),
            self.metrics.compilation,
            self._runtime,
        )

    def _tiers(self) -> TieredCompiler | None:
        """Two compilers, where the settings leave the choice and LLVM is here: it is slow."""
        settings = self.settings
        if settings.compiler != "auto" or self.engine.compiler != "llvm":
            return None
        try:
            quick = self._create_engine(self.engine.name, "cranelift")
        except EngineUnavailable as error:
            log.warning("%s; handlers wait for LLVM", error)
            return None
        return TieredCompiler(
            self._compiler(quick), self.compiler, lambda: self.cache.exclusive("improving")
        )

    def _suspensions(self, extensions: Extensions) -> Suspensions:
        settings, run_dir = self.settings, self._run_dir
        key = secrets.token_bytes(32) if run_dir is None else (run_dir / "key").read_bytes()
        return Suspensions(
            self.dispatcher,
            self.admission,
            self.watchdog,
            self.pool,
            extensions,
            SuspensionIds(key),
            SuspensionBook(
                settings.max_suspended,
                settings.suspension_timeout_ms / 1000,
                self.metrics.suspension,
            ),
            self.limits.stack_bytes + RESERVE_BYTES + EXTENSION_BYTES,
        )

    def _parallel_guests(self) -> int:
        """How many guests of this process can really run at once."""
        return 1 if self.engine.holds_gil else len(os.sched_getaffinity(0))

    @property
    def loaded(self) -> bool:
        """Whether the handlers were loaded once."""
        return self._loaded.is_set()

    def wait_loaded(self, timeout_s: float) -> bool:
        """Wait until the handlers are loaded, at most *timeout_s*; say whether they are."""
        return self._loaded.wait(timeout_s)

    def unready(self) -> str | None:
        """Why no requests should be sent here now; None: they should."""
        if self.draining:
            return "draining"
        if not self.warmed:
            return "the handlers are still being loaded"
        if self.watchdog.stuck:
            return "a guest does not stop"
        return None

    def start(self, threads: Executor | None = None) -> None:
        """Start the watchdog, and load the handlers in the background: `loaded` says when.

        *threads*: where requests will run, for instances to be warm there beforehand.
        """
        self._threads = threads
        self._check_threads()
        self.watchdog.start()
        self.suspensions.start(self._run_dir)
        self.flusher.start()
        self.watcher.start()
        if self._live is not None:
            self._live.start(self.apply)
        self._start_plugins()

    def before_wait(self, call: Callable[[], None]) -> None:
        """Have *call* called, on its thread, when a request is going to wait or turns out to be
        long: whoever serves its connection may have others to serve meanwhile."""
        self.lane.before_wait = self.admission.before_wait = call

    @property
    def orders(self) -> bool:
        """Whether requests are to wait for a policy to order them."""
        return self.settings.scheduling_policy != "fifo"

    def _check_threads(self) -> None:
        settings = self.settings
        enough = settings.threads > settings.max_instances or self.admission.holds_back
        if self.orders and not enough:
            log.warning(
                "scheduling_policy %s has nobody to order: %d threads are not more than "
                "max_instances (%d), so requests wait before they come here",
                settings.scheduling_policy,
                settings.threads,
                settings.max_instances,
            )

    def start_with(self, folder: Path) -> None:
        """Start with the handlers in *folder*, loaded when this returns and not watched.

        Raises: InvalidHandler where the folder cannot be read.
        """
        self.watchdog.start()
        self.suspensions.start()
        self._load(find_sources(folder))
        self._start_plugins()

    def start_with_module(self, path: Path, limits: Limits | None = None) -> Handler:
        """Start with the one handler whose module is at *path*, and return it. The file may have
        any name: nothing is routed by it.

        Raises: HandlerError.
        """
        name = nearest_name(named_file(path).stem)
        handler = load_handler(path, self.tiers or self.compiler, limits or self.limits, name)
        self.watchdog.start()
        self.suspensions.start()
        self._serve(Catalogue({handler.name: handler}))
        self._start_plugins()
        return handler

    def apply(self, settings: Settings) -> None:
        """Have other *settings*, as far as they may change while running (`config.LIVE_NAMES`).

        Any thread may call it. Requests under way go on under the limits they began with.
        """
        before, self.settings = self.settings, settings
        if settings.log_level != before.log_level:
            logs.set_level(settings.log_level)
        self.pool.resize(
            max_instances=settings.max_instances, max_memory_bytes=settings.pool_memory_mb << 20
        )
        self.admission.resize(max_running=settings.max_instances, max_queue=settings.max_queue)
        self.admission.reweigh(settings.scheduling_weights)
        self.cache.resize(settings.cache_max_mb << 20)
        self.compiler.set_limits(compiler_limits(settings))
        if self.tiers is not None:
            self.tiers.quick.set_limits(compiler_limits(settings))
        limits = config.limits(settings)
        if limits != self.limits:
            self.limits = limits
            self.watcher.load_again()

    def _start_plugins(self) -> None:
        self.plugins.start(self, self._plugin_timeout_s(), self.plugin_errors.count)

    def drain(self) -> None:
        """Let readiness fail; requests are still served."""
        self.draining = True

    def stop(self, grace_s: float | None = None) -> None:
        """Turn new requests away, wait for those under way, let everything go.

        *grace_s*: how long to wait at most; by default what the longest deadline can take.
        """
        self.draining = True
        if self._live is not None:
            self._live.close()
        self.watcher.close()
        self.admission.close()
        if grace_s is None:
            handlers = self.catalogue.handlers.values()
            grace_s = 1.0 + max((h.limits.timeout_s for h in handlers), default=0.0)
        until = time.monotonic() + grace_s
        self.suspensions.close(grace_s)
        self.admission.wait_idle(max(0.0, until - time.monotonic()))
        self.plugins.stop(self, self._plugin_timeout_s(), self.plugin_errors.count)
        self.pool.shutdown()
        self.flusher.close()
        self.metrics.close()
        self.watchdog.close()

    def flush_metrics(self) -> None:
        """Bring the metrics up to date."""
        pool = self.pool
        self.metrics.flush(
            PoolCounts(
                active=pool.active_count(),
                available=pool.available_count(),
                suspended=pool.suspended_count(),
                waiting=self.admission.depth(),
                created=pool.instances_created(),
                limit=self.admission.limit(),
            )
        )

    def refused(self, handler: Handler | None, error: NexusError) -> None:
        """Count a request that came to no run; *handler* None: it was for none."""
        self.metrics.refuse(None if handler is None else handler.name, error)

    # ---- handlers ---------------------------------------------------------------------------

    def _load(self, sources: Sequence[Source]) -> None:
        before = self.catalogue
        compiler = self.tiers or self.compiler
        self._serve(load_catalogue(sources, compiler, self.limits, before, self._claims_file))
        if self.tiers is not None:
            self.tiers.improve(
                [
                    (source.path, handler.limits.memory_bytes, handler.compiled)
                    for source in sources
                    if (handler := self.catalogue.loaded.get(source.file)) is not None
                ],
                self.watcher.load_again,
            )
        log.info(
            "%d handlers, %d with problems, engine %s with %s",
            len(self.catalogue.handlers),
            len(self.catalogue.problems),
            self.engine.name,
            self.engine.compiler,
        )

    def _serve(self, catalogue: Catalogue) -> None:
        """Make *catalogue* the one that serves, with instances warm where there are threads."""
        handlers = list(catalogue.handlers.values())
        self.catalogue = catalogue
        self._retain()
        # Before instances are made warm: that takes all threads, those too on which requests wait.
        self._loaded.set()
        if self._threads is not None:
            warmable = [h for h in handlers if h.isolation is not Isolation.FRESH]
            threads = self.settings.threads
            jobs = spread(warmable, threads, self.settings.min_instances)
            warm_threads(self._threads, threads, jobs, self._warm)
            self._threads = None
        self.metrics.serving(handlers)
        self.warmed = True

    def _retain(self) -> None:
        """Let the pool keep what serves, and nothing else."""
        handlers = [*self.catalogue.handlers.values(), *self.texts.handlers()]
        self.pool.retain([handler.compiled for handler in handlers])

    def _warm(self, handler: Handler) -> None:
        run = self.dispatcher.new_run(handler, time.monotonic())
        watch = self.watchdog.watch(run)
        try:
            self.pool.warm(handler, run)
        except NexusError as error:
            log.warning("%s cannot be made ready: %s", handler.name, error)
        finally:
            self.watchdog.unwatch(watch)

    def _observe(self, handler: Handler, run: Execution, error: NexusError | None) -> None:
        self.metrics.record(handler, run.usage, outcome_of(error), error)
        if isinstance(error, InternalError):  # the client is told nothing of it
            fields = {"handler": handler.name, "execution_id": run.execution_id}
            log.error("internal error", exc_info=error, extra={"fields": fields})
        if isinstance(error, GuestError) and error.quotes_guest and not error.stack:
            fields = {"handler": handler.name, "execution_id": run.execution_id}
            guest_log.error("%s", error, extra={"fields": fields})  # nor of this
        if run.stderr:
            fields = {"handler": handler.name, "execution_id": run.execution_id}
            for line in guest_lines(bytes(run.stderr)):
                level, text = split_level(line)
                guest_log.log(level, "%s", text, extra={"fields": fields})
