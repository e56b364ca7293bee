"""Calls the hooks of all plugins one by one, so that every error names its plugin."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import pluggy

from nexus.config import Settings
from nexus.errors import NexusError, PluginError
from nexus.plugin_api import hooks as hookspecs
from nexus.plugin_api.abi import Abi
from nexus.plugin_api.config_source import ConfigSource
from nexus.plugin_api.engine import EngineFactory
from nexus.plugin_api.extensions import Extension
from nexus.plugin_api.filters import RequestFilter
from nexus.plugin_api.hooks import PROJECT
from nexus.plugin_api.host import Host
from nexus.plugin_api.metrics import MetricsSink, SuspensionSink
from nexus.plugin_api.problems import suggestion
from nexus.plugin_api.scheduling import PolicyFactory
from nexus.plugins import offers
from nexus.plugins.builtin import (
    GUESTS,
    PROMETHEUS,
    Guests,
    Prometheus,
    Scheduling,
    Wasmer,
    Wasmtime,
)
from nexus.plugins.candidates import DISABLED_VARIABLE, Candidate, built_in, disabled, installed
from nexus.plugins.check import Found, described, find
from nexus.plugins.timed import Timed, close_all

if TYPE_CHECKING:
    from flask import Blueprint
    from prometheus_client import CollectorRegistry

log = logging.getLogger("nexus.plugins")

T = TypeVar("T")


class Offer(NamedTuple):
    """One plugin's answer to a hook."""

    plugin: str
    value: Any


class Plugins:
    """The plugins of one process."""

    def __init__(self, found: Iterable[Found]) -> None:
        """Raises: PluginError, with a line for each plugin that cannot be used."""
        self.found = [entry for entry in found if entry.candidate.enabled]
        problems = [f"{entry.candidate}: {entry.problem}" for entry in self.found if entry.problem]
        if problems:
            raise PluginError([_with_remedy(line) for line in problems])
        self._candidates = {entry.candidate.name: entry.candidate for entry in self.found}
        self._pluggy = pluggy.PluginManager(PROJECT)
        self._pluggy.add_hookspecs(hookspecs)
        # pluggy calls the last registered plugin first, so register in reverse.
        for entry in reversed(self.found):
            self._pluggy.register(entry.plugin, entry.candidate.name)
        self._started: Timed | None = None
        self._made: list[tuple[str, object]] = []
        """objects that hooks returned, with their plugins' names, for `close`"""

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

    @property
    def bring_guests(self) -> bool:
        """True if plugins of other distributions bring guest ABIs."""
        found = self._implementations("nexus_guests")
        return any(each.plugin_name != GUESTS for each in found)

    def guests(self, settings: Settings) -> list[Abi]:
        """Return every guest ABI, the built-in ones last. Raises: ConfigError."""
        found = self._objects("nexus_guests", Abi, settings=settings)
        givers: dict[str, str] = {}
        for plugin, abi in found:
            if abi.name in givers:
                reason = f"nexus_guests: {abi.name!r} is there already, from {givers[abi.name]}"
                raise self.error(plugin, reason)
            givers[abi.name] = f"plugin {plugin}"
        found.sort(key=lambda entry: entry[0] == GUESTS)
        return [abi for _, abi in found]

    def engines(self) -> dict[str, EngineFactory]:
        """Return every engine's factory by name. Raises: ConfigError."""
        return self._named("nexus_engines", offers.factories)

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
            found.plugin_name: _bound(found, {"host": host})
            for found in self._implementations(hook)
        }

    # ---- calling ----------------------------------------------------------------------------

    def _implementations(self, hook: str) -> list[pluggy.HookImpl]:
        caller: pluggy.HookCaller = getattr(self._pluggy.hook, hook)
        return caller.get_hookimpls()[::-1]

    def _call(self, hook: str, check: Callable[[object], T], **arguments: object) -> list[Offer]:
        """Return each plugin's answer after *check*."""
        found = []
        for implementation in self._implementations(hook):
            name = implementation.plugin_name
            try:
                answer = _bound(implementation, arguments)()
            except NexusError:
                raise
            except Exception as error:
                raise self.error(name, f"{hook} failed: {described(error)}") from error
            try:
                found.append(Offer(name, check(answer)))
            except ValueError as error:
                raise self.error(name, f"{hook}: {error}") from None
        return found

    def _objects(self, hook: str, protocol: type, **arguments: object) -> list[tuple[str, Any]]:
        found = self._call(hook, lambda value: offers.objects(value, protocol), **arguments)
        things = [(offer.plugin, thing) for offer in found for thing in offer.value]
        if hook != "nexus_metrics_sinks":
            self._made += things
        return things

    def _named(
        self, hook: str, check: Callable[[object], dict[str, T]], **arguments: object
    ) -> dict[str, T]:
        things: dict[str, T] = {}
        givers: dict[str, str] = {}
        for offer in self._call(hook, check, **arguments):
            for name, thing in offer.value.items():
                if name in givers:
                    reason = f"{hook}: {name!r} is there already, from plugin {givers[name]}"
                    raise self.error(offer.plugin, reason)
                things[name], givers[name] = thing, offer.plugin
                self._made.append((offer.plugin, thing))
        return things

    def error(self, name: str, reason: str) -> PluginError:
        """Return the error that stops the start because of the plugin called *name*."""
        return PluginError([_with_remedy(f"{self._candidates[name]}: {reason}")])


def survey(
    environ: Mapping[str, str],
    registry: CollectorRegistry | None = None,
    *,
    outside: Sequence[Candidate] | None = None,
) -> list[Found]:
    """Return every plugin, loaded and checked, the built-in ones first.

    *outside*: the plugins that do not come with Nexus; None: the installed ones.
    """
    off = disabled(environ)
    known = [
        built_in(PROMETHEUS, lambda: Prometheus(registry)),
        built_in("wasmer", Wasmer),
        built_in("wasmtime", Wasmtime),
        built_in("scheduling", Scheduling),
        built_in(GUESTS, Guests),
        *(installed() if outside is None else outside),
    ]
    candidates = [replace(entry, enabled=entry.name not in off) for entry in known]
    for name in sorted(off - {candidate.name for candidate in candidates}):
        _warn_of_unknown(name, tuple(candidate.name for candidate in candidates))
    return _without_twins([find(candidate) for candidate in candidates])


@cache
def _warn_of_unknown(name: str, known: tuple[str, ...]) -> None:
    """Warn once in a process, so that forked workers do not repeat the warning."""
    near = suggestion(name, known)
    log.warning("%s names %s, but there is no such plugin; %s", DISABLED_VARIABLE, name, near)


def _without_twins(found: Sequence[Found]) -> list[Found]:
    """Mark later plugins with a name or an object that an earlier one has as unusable."""
    kept: list[Found] = []
    for entry in found:
        problem = entry.problem
        for first in kept:
            if entry.candidate.name == first.candidate.name:
                problem = f"{first.candidate} has the same name"
            elif entry.plugin is not None and entry.plugin is first.plugin:
                problem = f"it is plugin {first.candidate.name} again"
        kept.append(replace(entry, problem=problem))
    return kept


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


def _bound(implementation: pluggy.HookImpl, given: Mapping[str, object]) -> Callable[[], Any]:
    arguments = {name: given[name] for name in implementation.argnames}
    return lambda: implementation.function(**arguments)


def _with_remedy(line: str) -> str:
    name = line.split()[1]
    return f"{line} ({DISABLED_VARIABLE}={name} turns it off)"
