"""Builds the parts of one worker from settings and plugins; starts nothing."""

from __future__ import annotations

import logging
import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from prometheus_client import CollectorRegistry

from nexus import config
from nexus.compiler.cache import ArtifactCache
from nexus.compiler.compiler import Compiler, CompilerLimits
from nexus.compiler.tiers import TieredCompiler
from nexus.config import Settings
from nexus.engines import create_engine
from nexus.errors import EngineUnavailable
from nexus.guest import Abis
from nexus.handlers.secrets import Secrets
from nexus.live.failures import Failures
from nexus.metrics import FanOut, PluginErrors
from nexus.model import Limits, OutboundRecord
from nexus.outbound.client import OutboundClient, OutboundLimits
from nexus.outbound.proxy import Proxy, proxy_of
from nexus.plugin_api.engine import Engine
from nexus.plugin_api.extensions import Extension
from nexus.plugin_api.filters import RequestFilter
from nexus.plugin_api.metrics import MetricsSink, SuspensionSink
from nexus.plugins import Plugins
from nexus.pool import InstancePool
from nexus.run.account import CpuAccount
from nexus.run.dispatch import Dispatcher, Watches
from nexus.run.lane import SlowLane
from nexus.run.shares import Shares
from nexus.run.watchdog import Watchdog
from nexus.scheduling import Admission
from nexus.service.observe import log_outbound, observe
from nexus.service.other_runs import watches_of
from nexus.service.policy import policy_of, policy_options
from nexus.stores import KeyValueLimits, KeyValueStores, choose_store
from nexus.suspension import Extensions, KeptResults, SuspensionBook, SuspensionIds, Suspensions

log = logging.getLogger("nexus.service")


@dataclass(frozen=True)
class Parts:
    """The parts of one worker."""

    limits: Limits
    engine: Engine
    abis: Abis
    metrics: SuspensionSink
    has_own_metrics: bool
    """whether the built-in sink counts, and not plugins' alone"""
    plugin_errors: PluginErrors
    cache: ArtifactCache
    compiler: Compiler
    tiers: TieredCompiler | None
    """two compilers, if the quick one serves until the better one is done"""
    admission: Admission
    pool: InstancePool
    watchdog: Watchdog
    lane: SlowLane
    dispatcher: Dispatcher
    failures: Failures
    """the last runs that failed"""
    filters: tuple[tuple[str, RequestFilter], ...]
    suspensions: Suspensions
    outbound: OutboundClient
    key_values: KeyValueStores


def build(
    settings: Settings,
    registry: CollectorRegistry | None,
    plugins: Plugins,
    extensions: Mapping[str, Extension],
    *,
    stuck_log: int | None,
    run_dir: Path | None,
) -> Parts:
    """Build all parts; see `Service` for the arguments.

    Raises: EngineUnavailable, ConfigError.
    """
    limits = config.limits(settings)
    make_engine = partial(_engine, settings, plugins)
    engine = make_engine(settings.engine, settings.compiler)
    abis = Abis(plugins.guests(settings))
    plugin_errors = PluginErrors(registry)
    own, others = plugins.metrics_sinks(settings)
    metrics = _sink(own, others, plugin_errors, plugin_timeout_s(settings))
    cache = ArtifactCache(settings.cache_dir, metrics.cache_request, settings.cache_max_mb << 20)
    make_compiler = partial(_compiler, settings, plugins, cache, metrics, abis)
    compiler = make_compiler(engine)
    admission = _admission(settings, plugins)
    pool = InstancePool(
        engine,
        abis.guest_for,
        max_instances=settings.max_instances,
        max_memory_bytes=settings.pool_memory_mb << 20,
        verify_resets=settings.verify_resets,
    )
    watchdog = Watchdog(settings.stuck_after_ms / 1000, stuck_log=stuck_log)
    lane = SlowLane(1 if engine.holds_gil else len(os.sched_getaffinity(0)))
    answering = Extensions(plugins.host_functions(settings) | dict(extensions))
    outbound = _outbound(settings, metrics)
    store = choose_store(settings.kv_store, plugins.store_factories(), settings)
    key_values = KeyValueStores(store, key_value_limits(settings))
    failures = Failures()
    filters = tuple(plugins.request_filters(settings))
    dispatcher = _dispatcher(
        settings,
        admission,
        pool,
        watchdog,
        lane,
        metrics,
        failures,
        answering,
        outbound,
        key_values,
        watches_of(filters, plugin_errors),
    )
    return Parts(
        limits,
        engine,
        abis,
        metrics,
        own is not None,
        plugin_errors,
        cache,
        compiler,
        _tiers(settings, engine, compiler, cache, make_engine, make_compiler),
        admission,
        pool,
        watchdog,
        lane,
        dispatcher,
        failures,
        filters,
        Suspensions(
            dispatcher,
            admission,
            watchdog,
            pool,
            answering,
            SuspensionIds(_key(run_dir)),
            SuspensionBook(
                settings.max_suspended, settings.suspension_timeout_ms / 1000, metrics.suspension
            ),
            KeptResults(settings.result_ttl_ms / 1000),
            limits.stack_bytes,
            abis.can_defer,
        ),
        outbound,
        key_values,
    )


def compiler_limits(settings: Settings) -> CompilerLimits:
    """Return the limits of one compilation."""
    return CompilerLimits(settings.compile_timeout_ms / 1000, settings.compile_memory_mb << 20)


def secrets_of(settings: Settings, environ: Mapping[str, str] | None) -> Secrets:
    """Return the secrets that manifests may name; *environ* None: this process's."""
    folder = settings.secrets_dir
    return Secrets(Path(folder) if folder else None, os.environ if environ is None else environ)


def key_value_limits(settings: Settings) -> KeyValueLimits:
    """Return the limits of the key-value calls of each execution."""
    return KeyValueLimits(settings.kv_max_mb << 20, settings.kv_timeout_ms / 1000)


def outbound_limits(settings: Settings) -> OutboundLimits:
    """Return the limits of the outbound requests of each execution."""
    return OutboundLimits(
        settings.http_max_outbound,
        settings.http_max_response_bytes,
        settings.http_timeout_ms / 1000,
    )


def plugin_timeout_s(settings: Settings) -> float:
    """Return how long to wait for a plugin's start and stop hooks, and its sinks."""
    return settings.plugin_timeout_ms / 1000


def _engine(settings: Settings, plugins: Plugins, name: str, compiler: str) -> Engine:
    return create_engine(name, compiler, settings.cache_dir, plugins.engine_factories())


def _sink(
    own: SuspensionSink | None,
    others: Sequence[tuple[str, MetricsSink]],
    errors: PluginErrors,
    timeout_s: float,
) -> SuspensionSink:
    """Return all sinks as one; the built-in one itself where it is alone, as on most pods."""
    if own is not None and not others:
        return own
    return FanOut(own, others, errors.count, timeout_s)


def _compiler(
    settings: Settings,
    plugins: Plugins,
    cache: ArtifactCache,
    metrics: SuspensionSink,
    abis: Abis,
    engine: Engine,
) -> Compiler:
    return Compiler(
        engine,
        cache,
        settings.cache_dir,
        compiler_limits(settings),
        metrics.compilation,
        abis,
        settings=config.to_environ(settings) if plugins.bring_guests else None,
    )


def _tiers(
    settings: Settings,
    engine: Engine,
    compiler: Compiler,
    cache: ArtifactCache,
    make_engine: Callable[[str, str], Engine],
    make_compiler: Callable[[Engine], Compiler],
) -> TieredCompiler | None:
    """Return two compilers if the settings allow both, and LLVM, which is slow, is installed."""
    if settings.compiler != "auto" or engine.compiler != "llvm":
        return None
    try:
        quick = make_engine(engine.name, "cranelift")
    except EngineUnavailable as error:
        log.warning("%s; handlers wait for LLVM", error)
        return None
    return TieredCompiler(make_compiler(quick), compiler, lambda: cache.exclusive("improving"))


def _admission(settings: Settings, plugins: Plugins) -> Admission:
    """Return the queue. Raises: ConfigError if the chosen policy does not exist."""
    return Admission(
        policy_of(settings, plugins),
        max_running=settings.max_instances,
        max_queue=settings.max_queue,
        options=policy_options(settings),
    )


def _outbound(settings: Settings, metrics: SuspensionSink) -> OutboundClient:
    def observe(record: OutboundRecord) -> None:
        metrics.outbound(record)
        if settings.access_log:
            log_outbound(record)

    return OutboundClient(
        outbound_limits(settings), observe=observe, proxy=outbound_proxy(settings)
    )


def outbound_proxy(settings: Settings) -> Proxy | None:
    """Return the proxy for outbound requests. Raises: ConfigError."""
    return proxy_of(
        settings.http_proxy,
        settings.http_proxy_auth_file,
        settings.http_proxy_bypass,
        resolves=settings.http_proxy_resolves,
    )


def _dispatcher(
    settings: Settings,
    admission: Admission,
    pool: InstancePool,
    watchdog: Watchdog,
    lane: SlowLane,
    metrics: SuspensionSink,
    failures: Failures,
    extensions: Extensions,
    outbound: OutboundClient,
    key_values: KeyValueStores,
    watches: Watches | None,
) -> Dispatcher:
    shares = Shares(settings.workers)

    return Dispatcher(
        admission,
        pool,
        watchdog,
        partial(observe, metrics, failures),
        lambda handler: CpuAccount(lane, shares.of(handler)),
        extensions,
        outbound.open,
        key_values.open,
        watches,
    )


def _key(run_dir: Path | None) -> bytes:
    """Return the key by which workers of one master trust each other's suspension ids."""
    return secrets.token_bytes(32) if run_dir is None else (run_dir / "key").read_bytes()
