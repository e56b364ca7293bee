"""Nexus runs code that is not trusted inside a Python service.

    from nexus import WasmRuntime

    with WasmRuntime("handlers", timeout_ms=500) as runtime:
        result = runtime.execute_handler("price", {"args": {"items": 3}})

What stands here is the public face, together with `nexus.plugin_api` (for plugins) and `nexus.wsgi`
(for WSGI servers); the rest may change from release to release. `docs/embedding.md` is a tutorial.

wsgi.py        what a WSGI server loads
runtime.py     `WasmRuntime`: run handlers from Python
errors.py      every error, as a tree
plugin_api/    hook specifications, protocols, capabilities, option types: all a plugin may import
server/        gunicorn: worker, connections, settings, run folder
http/          WSGI layer, views, runtime API, problem+json
service/       builds, starts and stops the parts of one worker
live/          what happens now, for people: last log records, requests, errors of all workers
run/           one run: dispatch, execution, watchdog, CPU lane and shares, results
pool/          instances: shelves, budget, reset, warming
schedules/     handlers called at set times
scheduling/    admission and policies
suspension/    executions that wait
outbound/      HTTP requests that handlers send
stores/        the key-value store of handlers
guest/         one folder a guest language, and what guests may ask of the host
versions/      deployed versions: uploaded, checked, kept, served
handlers/      sources, manifests, routes, catalogue, watcher
compiler/      child process, artifacts, cache, tiers
engines/       wasmer, wasmtime
wasm/          read, metered and rewritten modules
pod/           what the machine gives: cgroup, quota, memory, sizing, profiles
config/        settings and where they come from
metrics/       counting, and Prometheus
logs/          log records, access log, guests' lines
model/         plain values that all parts share
plugins/       which plugins there are, and what they add
capacity/      pods for a load, by CPU profile
cli/           the command `nexus`
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nexus.errors import NexusError
    from nexus.model import ExecutionResult, SuspensionInfo
    from nexus.plugin_api.hooks import hookimpl
    from nexus.pool import InstancePool, WasmInstance
    from nexus.run import ExecutionTimer
    from nexus.runtime import WasmRuntime

__version__ = "0.2.0"

__all__ = [
    "ExecutionResult",
    "ExecutionTimer",
    "InstancePool",
    "NexusError",
    "SuspensionInfo",
    "WasmInstance",
    "WasmRuntime",
    "__version__",
    "hookimpl",
]

_HOMES = {
    "ExecutionResult": "nexus.model",
    "ExecutionTimer": "nexus.run",
    "InstancePool": "nexus.pool",
    "NexusError": "nexus.errors",
    "SuspensionInfo": "nexus.model",
    "WasmInstance": "nexus.pool",
    "WasmRuntime": "nexus.runtime",
    "hookimpl": "nexus.plugin_api.hooks",
}


def __getattr__(name: str) -> Any:
    """Import a name of the public face at its first use: `nexus --help` needs none of them."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'nexus' has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(home), name)
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
