"""Facts about a handler, for `nexus inspect` and the runtime API alike."""

from __future__ import annotations

from typing import Any

from nexus.model import Files, Handler


def facts_of(handler: Handler) -> dict[str, Any]:
    """Return a JSON value that describes *handler* and what it may use.

    Values of its environment and its arguments may be secrets, so this shows the environment's
    names and the number of arguments only.
    """
    limits, compiled = handler.limits, handler.compiled
    files = handler.files or Files()
    return {
        "name": handler.name,
        "route": handler.route,
        "methods": sorted(handler.methods),
        "abi": "static" if handler.static is not None else compiled.abi,
        "isolation": handler.isolation.value,
        "compiler": compiled.tier,
        "timeout_ms": round(limits.timeout_s * 1000),
        "cpu_timeout_ms": round(limits.cpu_timeout_s * 1000),
        "memory_limit_bytes": limits.memory_bytes,
        "max_concurrency": handler.max_concurrency or None,
        "priority": handler.priority,
        "cpu_request": handler.cpu.request_cores,
        "cpu_limit": handler.cpu.limit_cores,
        "capabilities": list(handler.capabilities),
        "http": list(handler.http),
        "kv": list(handler.kv),
        "schedule": list(handler.schedule),
        "files": {mount.at: mount.path for mount in files.mounts},
        "scratch_bytes": files.scratch_bytes,
        "static": handler.static is not None,
        "env": sorted(handler.env),
        "secrets": list(handler.secrets),
        "args": len(handler.args),
        "args_from_query": handler.args_from_query,
        "strip_prefix": handler.strip_prefix,
        "stream": handler.stream,
        "key": compiled.key,
        "description": handler.description,
        "input_schema": handler.input_schema,
        "version": handler.version or None,
    }
