"""The plugins that come with Nexus, written like outside plugins.

They import their parts only in their hooks: an engine takes a moment to import, and
prometheus_client decides at its import whether it counts for several processes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from nexus.plugin_api.abi import Abi
from nexus.plugin_api.engine import EngineFactory
from nexus.plugin_api.hooks import hookimpl
from nexus.plugin_api.metrics import MetricsSink
from nexus.plugin_api.scheduling import PolicyFactory
from nexus.plugin_api.settings import Settings
from nexus.plugin_api.stores import StoreFactory
from nexus.scheduling import BUILT_IN

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

PROMETHEUS, GUESTS = "prometheus", "guests"


class Prometheus:
    """Metrics in prometheus_client's registry, or in the files of its multiprocess mode."""

    def __init__(self, registry: CollectorRegistry | None) -> None:
        """*registry* None: the values live in the files only."""
        self._registry = registry

    @hookimpl
    def nexus_metrics_sinks(self) -> Sequence[MetricsSink]:
        from nexus.metrics import PathMetrics

        return [PathMetrics(self._registry)]


class Wasmer:
    """The engine on Python 3.10."""

    @hookimpl
    def nexus_engines(self) -> Mapping[str, EngineFactory]:
        from nexus.engines import BUILT_IN

        return {"wasmer": BUILT_IN["wasmer"]}


class Wasmtime:
    """The engine on newer Pythons."""

    @hookimpl
    def nexus_engines(self) -> Mapping[str, EngineFactory]:
        from nexus.engines import BUILT_IN

        return {"wasmtime": BUILT_IN["wasmtime"]}


class Guests:
    """The guest ABIs for WASI commands, JavaScript and Python."""

    @hookimpl
    def nexus_guests(self, settings: Settings) -> Sequence[Abi]:
        from nexus.guest import built_in_abis

        return built_in_abis(settings)


class Scheduling:
    """The policies that need no package of their own."""

    @hookimpl
    def nexus_scheduling_policies(self) -> Mapping[str, PolicyFactory]:
        return BUILT_IN


class Stores:
    """The key-value store that needs no package of its own."""

    @hookimpl
    def nexus_stores(self) -> Mapping[str, StoreFactory]:
        from nexus.stores import BUILT_IN

        return BUILT_IN
