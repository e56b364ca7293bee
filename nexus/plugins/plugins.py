"""`Plugins`: one method for each hook, and the end of what the hooks returned."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nexus.config import Settings
from nexus.errors import NexusError
from nexus.plugin_api.abi import Abi
from nexus.plugin_api.config_source import ConfigSource
from nexus.plugin_api.engine import EngineFactory
from nexus.plugin_api.extensions import Extension
from nexus.plugin_api.filters import RequestFilter
from nexus.plugin_api.host import Host
from nexus.plugin_api.metrics import MetricsSink, SuspensionSink
from nexus.plugin_api.scheduling import PolicyFactory
from nexus.plugin_api.stores import Store, StoreFactory
from nexus.plugins import offers
from nexus.plugins.builtin import GUESTS, PROMETHEUS
from nexus.plugins.calling import Calling, bound
from nexus.plugins.candidates import OURS, Candidate
from nexus.plugins.check import Found
from nexus.plugins.fence import Container, checked, fenced
from nexus.plugins.survey import survey
from nexus.plugins.timed import Timed, close_all

if TYPE_CHECKING:
    from flask import Blueprint
    from prometheus_client import CollectorRegistry

log = logging.getLogger("nexus.plugins")


class Plugins(Calling):
    """The plugins of one process."""

    def __init__(
        self, found: Iterable[Found], failed: Callable[[NexusError], None] | None = None
    ) -> None:
        """See `Calling`. Raises: PluginError, with a line for each plugin that cannot be used."""
        super().__init__(found, failed)
        self._started: Timed | None = None

    # ---- hooks called at the start ----------------------------------------------------------

    def config_sources(self, directory: Path, environ: Mapping[str, str]) -> list[ConfigSource]:
        """Return the sources of settings, of which later ones win. Raises: ConfigError."""
        found = self._call(
            "nexus_config_sources",
            lambda value: offers.objects(value, ConfigSource),
            directory=directory,
            environ=environ,
        )
        return [source for offer in found for source in offer.value]

    def metrics_sinks(
        self, settings: Settings
    ) -> tuple[SuspensionSink | None, list[tuple[str, MetricsSink]]]:
        """Return the built-in sink unless it is turned off, and the others with plugins' names.

        Raises: ConfigError.
        """
        sinks = self._objects("nexus_metrics_sinks", MetricsSink, settings=settings)
        own = [sink for plugin, sink in sinks if plugin == PROMETHEUS]
        return own[0] if own else None, [entry for entry in sinks if entry[0] != PROMETHEUS]

    def request_filters(self, settings: Settings) -> list[tuple[str, RequestFilter]]:
        """Return every filter with its plugin's name. Raises: ConfigError."""
        return self._objects("nexus_request_filters", RequestFilter, settings=settings)

    def scheduling_policies(self) -> dict[str, PolicyFactory]:
        """Return every policy's factory by name. Raises: ConfigError."""
        return self._named("nexus_scheduling_policies", offers.factories)

    def policy_factories(self) -> dict[str, PolicyFactory]:
        """Return the factories of `scheduling_policies`; if one fails, its PluginError names the
        plugin. Raises: ConfigError."""
        return {
            name: checked(name, make, Container, self._blame("nexus_scheduling_policies", name))
            for name, make in self.scheduling_policies().items()
        }

    def stores(self) -> dict[str, StoreFactory]:
        """Return every key-value store's factory by name. Raises: ConfigError."""
        return self._named("nexus_stores", offers.factories)

    def store_factories(self) -> dict[str, StoreFactory]:
        """Return the factories of `stores`; if one fails, its PluginError names the plugin.
        Raises: ConfigError."""
        return {
            name: checked(name, make, Store, self._blame("nexus_stores", name))
            for name, make in self.stores().items()
        }

    @property
    def bring_guests(self) -> bool:
        """True if plugins of other distributions bring guest ABIs."""
        found = self._implementations("nexus_guests")
        return any(each.plugin_name != GUESTS for each in found)

    def guests(self, settings: Settings) -> list[Abi]:
        """Return every guest ABI, the built-in ones last. Raises: ConfigError."""
        found = self._objects("nexus_guests", Abi, settings=settings)
        givers: dict[str, str] = {}
        kept: list[tuple[str, Abi]] = []
        for plugin, abi in found:
            if abi.name in givers:
                first = givers[abi.name]
                reason = f"nexus_guests: {abi.name!r} is there already, from plugin {first}"
                self._fail(self.error(plugin, reason))
                continue
            givers[abi.name] = plugin
            kept.append((plugin, abi))
        kept.sort(key=lambda entry: entry[0] == GUESTS)
        return [abi for _, abi in kept]

    def engines(self) -> dict[str, EngineFactory]:
        """Return every engine's factory by name. Raises: ConfigError."""
        return self._named("nexus_engines", offers.factories)

    def engine_factories(self) -> dict[str, EngineFactory]:
        """Return the factories of `engines`; errors of an engine that does not come with Nexus name
        its plugin. Raises: ConfigError."""
        hook, made = "nexus_engines", self.engines()
        for name, make in made.items():
            plugin = self._givers[hook, name]
            if self._candidates[plugin].distribution != OURS:
                made[name] = fenced(plugin, name, make, self._blame(hook, name))
        return made

    def host_functions(self, settings: Settings) -> dict[str, Extension]:
        """Return every extension by name. Raises: ConfigError."""
        return self._named(
            "nexus_host_functions",
            lambda value: offers.extensions(value, Extension),
            settings=settings,
        )

    def blueprints(self, settings: Settings, host: Host) -> list[tuple[str, Blueprint]]:
        """Return every blueprint with its plugin's name. Raises: ConfigError."""
        from flask import Blueprint

        return self._objects("nexus_blueprints", Blueprint, settings=settings, host=host)

    # ---- start and stop ---------------------------------------------------------------------

    def start(self, host: Host, timeout_s: float, failed: Callable[[str], None]) -> None:
        """Call every `nexus_started`, for up to *timeout_s*. *failed* is called with the name of
        each plugin that raises or takes longer."""
        self._started = Timed("nexus_started", failed)
        self._started.run(self._calls("nexus_started", host), timeout_s)

    def stop(self, host: Host, timeout_s: float, failed: Callable[[str], None]) -> None:
        """Call every `nexus_stopping`, like `start`, unless its plugin is still starting."""
        if self._started is None:
            return
        still = self._started.running()
        calls = self._calls("nexus_stopping", host)
        for name in sorted(still & calls.keys()):
            log.error("plugin %s: nexus_stopping is skipped: nexus_started still runs", name)
        calls = {name: call for name, call in calls.items() if name not in still}
        Timed("nexus_stopping", failed).run(calls, timeout_s)

    def close(self, timeout_s: float, failed: Callable[[str], None]) -> None:
        """Close the returned objects that have a `close`, the last first, except metrics sinks,
        which their flusher closes. *failed* is called with the names of plugins whose `close`
        raises, or does not end within *timeout_s* for all together.
        """
        made, self._made = self._made[::-1], []
        close_all(made, timeout_s, failed)

    def _calls(self, hook: str, host: Host) -> dict[str, Callable[[], Any]]:
        return {
            found.plugin_name: bound(found, {"host": host}) for found in self._implementations(hook)
        }


def load_plugins(
    environ: Mapping[str, str],
    registry: CollectorRegistry | None = None,
    *,
    outside: Sequence[Candidate] | None = None,
) -> Plugins:
    """Return the plugins of this process; *registry* is for the built-in sink.

    Raises: PluginError, with a line for each plugin that cannot be used.
    """
    return Plugins(survey(environ, registry, outside=outside))
