"""The embedding API: run a handler with a JSON context from Python."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

from nexus.errors import GuestError, HandlerNotFound, InternalError, InvalidArgument, NexusError
from nexus.model import Context, ExecutionResult, Handler, Usage
from nexus.pool import Execution
from nexus.service import Service


class WasmRuntime:
    """Runs handlers of a started `Service`. Thread-safe; a handler runs on the calling thread."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def execute_handler(
        self, handler: str, context: Mapping[str, Any] | bytes, timeout_ms: int | None = None
    ) -> ExecutionResult:
        """Run the handler of this name with *context*: `state`, `args` and `scope`, or whatever
        JSON the handler takes; bytes are JSON already.

        What becomes of the execution is in the result, its errors too. *timeout_ms* may shorten
        the handler's own deadline, never lengthen it.

        Raises: HandlerNotFound; InvalidArgument where *context* is not JSON; AdmissionError.
        """
        found = self._find(handler)
        task = Context(_encoded(context))
        dispatcher = self._service.dispatcher
        timeout_s = None if timeout_ms is None else timeout_ms / 1000
        run = dispatcher.new_run(found, time.monotonic(), timeout_s)
        try:
            value = dispatcher.run(found, task, run)
        except (GuestError, InternalError) as error:
            return failed(run, error)
        return succeeded(run, value)

    def _find(self, name: str) -> Handler:
        found = self._service.catalogue.handlers.get(name)
        if found is None:
            raise HandlerNotFound(f"no handler {name!r}")
        return found


def succeeded(run: Execution, value: Any, *, cache_hit: bool = True) -> ExecutionResult:
    """The result of *run*, which ended with *value*."""
    return _result("success", run, cache_hit, return_value=value)


def failed(run: Execution, error: NexusError, *, cache_hit: bool = True) -> ExecutionResult:
    """The result of *run*, which ended with *error*, with what it asked of others until then."""
    return _result("error", run, cache_hit, error=error_json(error))


def error_json(error: NexusError) -> dict[str, str]:
    """An error as results have it. What went wrong inside us stays in the log."""
    message = "internal error" if isinstance(error, InternalError) else str(error)
    return {"code": error.code, "message": message}


def metrics_of(usage: Usage, *, cache_hit: bool) -> dict[str, Any]:
    """What an execution used, as results have it; *cache_hit*: nothing was compiled for it."""
    return {
        "duration_us": round(usage.duration_s * 1e6),
        "cpu_us": round(usage.cpu_s * 1e6),
        "queue_us": round(usage.queue_s * 1e6),
        "memory_used_bytes": usage.memory_used_bytes,
        "memory_peak_bytes": usage.memory_peak_bytes,
        "host_calls": usage.host_calls,
        "instruction_count": usage.instructions,
        "cache_hit": cache_hit,
    }


def _result(status: str, run: Execution, cache_hit: bool, **fields: Any) -> ExecutionResult:
    new = run.effects.take()
    return ExecutionResult(
        status,
        state_mutations=new.state_mutations,
        events=new.events,
        view_commands=new.view_commands,
        metrics=metrics_of(run.usage, cache_hit=cache_hit),
        **fields,
    )


def _encoded(context: Mapping[str, Any] | bytes) -> bytes:
    if isinstance(context, bytes):
        return context
    try:
        return json.dumps(context, allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidArgument(f"the context is not JSON: {error}") from error
