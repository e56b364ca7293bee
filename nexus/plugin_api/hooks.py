"""The hooks by which a plugin adds to Nexus: each hook's docstring is its contract.

A plugin is a module (or an object) with functions of these names, marked `@hookimpl`, and an entry
point in group `nexus`. Hooks build objects at start-up and are never called for a request: Nexus
keeps the objects they return and calls those.

These rules hold for all hooks:

- None, or an empty collection, means "nothing from me".
- Arguments are passed by name; a hook may leave out those it does not need.
- An exception stops the start, with the plugin's name, its distribution and the reason; a
  `ConfigError` keeps its own words. `nexus_started` and `nexus_stopping` are called too late for
  that: their docstrings say what an exception does.
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
from nexus.plugin_api.stores import StoreFactory

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
    """Add places that hold settings.

    Called: first of all hooks, each time the settings are read: by every worker, by gunicorn's
    master and by `nexus config`. There are no settings yet: the source takes what it needs itself
    from *environ*; relative paths are relative to *directory*.

    Returns: sources, of which later ones win. They win over the settings file, and yield to the
    mounted folder, the environment and the command line. None: no source.

    Raises: ConfigError if *environ* asks for a source that cannot be made; the start ends. A source
    that cannot be read raises later, in its `read`.
    """


@hookspec
def nexus_engines() -> Mapping[str, EngineFactory] | None:
    """Add WebAssembly engines.

    Called: when settings are read, and when the engine is made: in each worker, and in the
    compiler's child process if the engine is not a built-in one. The setting `engine` chooses one
    by its name, and only that one's factory is called; `auto` chooses built-in engines only.

    Returns: factories by name (lower case letters, digits, `-` and `_`); a name that another plugin
    gave already stops the start. None: no engine.

    Raises: any exception stops the start. The chosen factory raises EngineUnavailable, with what to
    install, if the engine or compiler cannot be used here.
    """


@hookspec
def nexus_guests(settings: Settings) -> Sequence[Abi] | None:
    """Add guest ABIs: kinds of handlers, such as a language.

    Called: once per worker, when its service is made, and in the compiler's child process, which
    asks an ABI what its modules must have, and lets it prepare its handlers.

    Returns: ABIs. Nexus asks them before the built-in ones whether a module is theirs, and they win
    if two read files of one suffix. A name that another plugin gave already stops the start. None:
    no ABI.

    Raises: ConfigError if the plugin's own options are wrong; the start ends. An exception that an
    ABI raises for a handler makes only that handler unusable.
    """


@hookspec
def nexus_scheduling_policies() -> Mapping[str, PolicyFactory] | None:
    """Add orders in which waiting requests are admitted.

    Called: when settings are read, and when a worker's service is made. The setting
    `scheduling_policy` then chooses one by its name, and only that one's factory is called.

    Returns: factories by name (lower case letters, digits, `-` and `_`); a name that another
    plugin gave already stops the start. None: no policy.

    Raises: any exception stops the start, also one of the chosen factory: a ConfigError if its
    options are wrong. A policy's methods are called under the admission queue's lock and must not
    raise, wait or log.
    """


@hookspec
def nexus_metrics_sinks(settings: Settings) -> Sequence[MetricsSink] | None:
    """Add metrics sinks, which record every run.

    Called: once per worker, when its service is made, before any handler is loaded.

    Returns: sinks. Each is called like the built-in Prometheus sink, after it; for suspensions only
    if it has a method `suspension` (`SuspensionSink`). None: no sink.

    Raises: ConfigError if the plugin's own options are wrong; the start ends. Later, an exception
    of a sink's method never fails a request: it is logged once, counted as
    `nexus_plugin_errors_total{plugin}` and ignored.
    """


@hookspec
def nexus_host_functions(settings: Settings) -> Mapping[str, Extension] | None:
    """Add extensions: objects that answer a guest's `$ext.NAME.method(...)` at once.

    Called: once per worker, when its service is made.

    Returns: extensions by NAME (lower case letters, digits, `-` and `_`); a name that another
    plugin gave already stops the start. A guest reaches an extension only if its manifest grants
    `ext:NAME`. None: no extension.

    Raises: ConfigError if the plugin's own options are wrong; the start ends. An exception that
    `Extension.call` raises later reaches the guest: an ExtensionError with its message, any other
    as an internal error, whose details go to the log only.
    """


@hookspec
def nexus_stores() -> Mapping[str, StoreFactory] | None:
    """Add key-value stores.

    Called: when settings are read, and when a worker's service is made. The setting `kv_store` then
    chooses one by its name, and only that one's factory is called.

    Returns: factories by name (lower case letters, digits, `-` and `_`); a name that another plugin
    gave already stops the start. None: no store.

    Raises: any exception stops the start, also one of the chosen factory: a ConfigError if its
    options are wrong. A factory does not connect: a store that is away now must not keep the
    handlers from serving.
    """


@hookspec
def nexus_request_filters(settings: Settings) -> Sequence[RequestFilter] | None:
    """Add filters, which see every request for a handler before admission, and its response.

    Called: once per worker, when its service is made.

    Returns: filters, called in the order of the plugins' names, their `end` in reverse. They run on
    the request's thread and take its time; without filters a request costs nothing more.
    None: no filter.

    Raises: ConfigError if the plugin's own options are wrong; the start ends. Later, a NexusError
    from a filter's `begin` becomes the answer to the request; any other exception is logged and
    answered with 500, since an unchecked request must not reach its handler.
    """


@hookspec
def nexus_blueprints(settings: Settings, host: Host) -> Sequence[Blueprint] | None:
    """Add pages to the Flask app, behind the handlers.

    Called: once per worker, when its app is made. The worker has not started yet: keep *host*, and
    use it when a client requests a page.

    Returns: blueprints. Handlers' routes win over theirs, so use paths that handlers cannot have
    (below `/v1/`). Nexus does not authenticate the clients of these pages: the blueprints must.
    None: no page.

    Raises: any exception stops the start; so do two blueprints of one name. Later, Nexus answers
    what a page raises with a problem+json body: a NexusError with its status, `abort(STATUS)` with
    that status, anything else with 500. A body that a page reads from a slow client raises
    RequestTimeout (408), one that ends early or cannot be read InvalidArgument (400).
    """


@hookspec
def nexus_started(host: Host) -> None:
    """Begin work beside the requests: open a connection, start a thread.

    Called: once per worker, after it has started, on a thread of its own beside those of other
    plugins; the worker waits for them up to `plugin_timeout_ms`. Handlers may still be loading.
    `nexus run` calls it too; commands that do not run a guest do not.

    Returns: None, always.

    Raises: an exception is logged with the plugin's name and counted as
    `nexus_plugin_errors_total{plugin}`; the service continues without the plugin's work, also if
    the hook takes too long.
    """


@hookspec
def nexus_stopping(host: Host) -> None:
    """End the work that `nexus_started` began.

    Called: once per worker, when its service stops, after the last request and before the pool is
    closed, on a thread of its own beside those of other plugins; the service waits for them up to
    `plugin_timeout_ms`. Also called if the plugin's `nexus_started` failed, but not while it still
    runs, nor if the process is killed.

    Returns: None, always.

    Raises: an exception is logged with the plugin's name; the service stops all the same, also if
    the hook takes too long.
    """
