"""What a plugin can add to Nexus: each hook's docstring is its contract.

A plugin is a module (or an object) with functions of these names, marked `@hookimpl`, and an entry
point in group `nexus`. Hooks build objects at start-up and are never called for a request: what
they return is kept and called directly.

What holds for all hooks:

- None, or an empty collection, means "nothing from me".
- Arguments are passed by name; a hook may leave out those it does not need.
- What raises stops the start with the plugin's name, its distribution and the reason; a
  `ConfigError` in its own words. `nexus_started` and `nexus_stopping` come too late for that: they
  say what raising does there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pluggy

from nexus.plugin_api.abi import Abi
from nexus.plugin_api.config_source import ConfigSource
from nexus.plugin_api.engine import EngineFactory
from nexus.plugin_api.extensions import Extension
from nexus.plugin_api.filters import RequestFilter
from nexus.plugin_api.host import Host
from nexus.plugin_api.metrics import MetricsSink
from nexus.plugin_api.scheduling import PolicyFactory
from nexus.plugin_api.settings import Settings

if TYPE_CHECKING:
    from flask import Blueprint


PROJECT = "nexus"
"""pluggy's project name, and the group of the entry points"""

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def nexus_config_sources(
    directory: Path, environ: Mapping[str, str]
) -> Sequence[ConfigSource] | None:
    """Add places that settings come from.

    Called: first of all hooks, each time the settings are read: by every worker, by gunicorn's
    master and by `nexus config`. There are no settings yet: what the source itself needs, it takes
    from *environ*; relative paths are relative to *directory*.

    Returns: sources, the later ones winning. They win over the settings file, and yield to the
    mounted folder, the environment and the command line. None: no source.

    Raises: ConfigError where *environ* asks for a source that cannot be made; the start ends
    there. A source that cannot be read says so later, in its `read`.
    """


@hookspec
def nexus_engines() -> Mapping[str, EngineFactory] | None:
    """Add WebAssembly engines.

    Called: when settings are read, and when the engine is made: in each worker, and in the
    compiler's child process where the engine is not a built-in one. The setting `engine` chooses
    one by its name, and only that one's factory is called; `auto` only ever takes a built-in one.

    Returns: factories by name (lower case letters, digits, `-` and `_`); a name that another
    plugin gave already stops the start. None: no engine.

    Raises: the start ends there. The chosen factory raises EngineUnavailable, with what to
    install, where the engine or compiler cannot be used here.
    """


@hookspec
def nexus_guests(settings: Settings) -> Sequence[Abi] | None:
    """Add guest ABIs: kinds of handlers, such as a language.

    Called: once per worker, when its service is made, and in the compiler's child process, which
    asks an ABI what its modules must have, and has it prepare its handlers.

    Returns: ABIs. They are asked before the built-in ones whether a module is theirs, and win where
    two read files of one suffix. A name that another plugin gave already stops the start. None: no
    ABI.

    Raises: ConfigError where the plugin's own options are wrong; the start ends there. What an ABI
    raises for a handler is that handler's problem.
    """


@hookspec
def nexus_scheduling_policies() -> Mapping[str, PolicyFactory] | None:
    """Add orders in which waiting requests are admitted.

    Called: when settings are read, and when a worker's service is made. The setting
    `scheduling_policy` then chooses one by its name, and only that one's factory is called.

    Returns: factories by name (lower case letters, digits, `-` and `_`); a name that another
    plugin gave already stops the start. None: no policy.

    Raises: the start ends there; also for what the chosen factory raises: a ConfigError where its
    options are wrong. A policy's methods are called under the admission queue's lock and must not
    raise, wait or log.
    """


@hookspec
def nexus_metrics_sinks(settings: Settings) -> Sequence[MetricsSink] | None:
    """Add objects that are told of every run.

    Called: once per worker, when its service is made, before any handler is loaded.

    Returns: sinks; each is told everything the built-in Prometheus sink is told, after it; of
    suspensions only where it has a method `suspension`, as `SuspensionSink` has. None: no sink.

    Raises: ConfigError where the plugin's own options are wrong; the start ends there. Later,
    what a sink's method raises never fails a request: it is logged once, counted as
    `nexus_plugin_errors_total{plugin}` and skipped.
    """


@hookspec
def nexus_host_functions(settings: Settings) -> Mapping[str, Extension] | None:
    """Add extensions: objects that answer a guest's `$ext.NAME.method(...)` at once.

    Called: once per worker, when its service is made.

    Returns: extensions by NAME (lower case letters, digits, `-` and `_`); a name that another
    plugin gave already stops the start. A guest reaches one only where its manifest grants
    `ext:NAME`. None: no extension.

    Raises: ConfigError where the plugin's own options are wrong; the start ends there. What
    `Extension.call` raises later is the guest's exception: ExtensionError with its message,
    anything else as an internal error, whose details go to the log only.
    """


@hookspec
def nexus_request_filters(settings: Settings) -> Sequence[RequestFilter] | None:
    """Add objects that see every request for a handler before it is admitted, and its response.

    Called: once per worker, when its service is made.

    Returns: filters, called in the order of the plugins' names, their `end` in reverse. They run
    on the request's thread and its time is theirs: with none, a request costs nothing more.
    None: no filter.

    Raises: ConfigError where the plugin's own options are wrong; the start ends there. Later, a
    NexusError from a filter's `begin` is the answer to the request; anything else is answered
    with 500 and logged, since a request that was not checked must not reach its handler.
    """


@hookspec
def nexus_blueprints(settings: Settings, host: Host) -> Sequence[Blueprint] | None:
    """Add pages of one's own to the Flask app behind the handlers.

    Called: once per worker, when its app is made. The worker has not started yet: keep *host*, and
    use it when a page is asked for.

    Returns: blueprints. Handlers' routes win over theirs, so their paths should be ones that
    handlers cannot have (below `/v1/`). Nothing asks their visitors who they are: they do that
    themselves. None: no page.

    Raises: the start ends there; also where two blueprints have one name. An exception in a page
    is answered with 500 and a problem+json body, as Nexus's own are.
    """


@hookspec
def nexus_started(host: Host) -> None:
    """Begin what runs beside the requests: a connection, a thread.

    Called: once per worker, after it has started; on a thread of its own beside those of other
    plugins, which the worker waits for at most `plugin_timeout_ms`. Handlers may still be
    loading. `nexus run` calls it too; commands that run no guest do not.

    Returns: None, always.

    Raises: whatever it raises is logged with the plugin's name and counted as
    `nexus_plugin_errors_total{plugin}`; the service goes on without it, as it does where the hook
    takes longer than it may.
    """


@hookspec
def nexus_stopping(host: Host) -> None:
    """End what `nexus_started` began.

    Called: once per worker, when its service stops, after the last request and before the pool is
    closed; on a thread of its own beside those of other plugins, which the service waits for at
    most `plugin_timeout_ms`. Also for a plugin whose `nexus_started` failed, but not while that has
    not returned, nor where the process is killed.

    Returns: None, always.

    Raises: whatever it raises is logged with the plugin's name; the service stops all the same,
    as it does where the hook takes longer than it may.
    """
