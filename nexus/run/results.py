"""Builds `ExecutionResult`s: how an execution ended, or how far it has come."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from nexus.errors import InternalError, NexusError
from nexus.model import ExecutionResult, SuspensionInfo
from nexus.run import Execution
from nexus.run.timer import metrics_of


def succeeded(run: Execution, value: Any, *, cache_hit: bool = True) -> ExecutionResult:
    """Return the result of *run*, which ended with *value*."""
    return _result("success", run, cache_hit, return_value=value)


def failed(run: Execution, error: NexusError, *, cache_hit: bool = True) -> ExecutionResult:
    """Return the result of *run*, which ended with *error*; it keeps the effects until then."""
    return _result("error", run, cache_hit, error=error_json(error))


def suspended(run: Execution, info: SuspensionInfo, *, cache_hit: bool = True) -> ExecutionResult:
    """Return the result of *run* so far, with the totals of all its parts."""
    usage, timer = run.usage, run.timer
    usage.duration_s, usage.cpu_s = timer.wall_s(), timer.cpu_s()
    if run.lent is not None:
        usage.memory_used_bytes = run.lent.memory_used()
        usage.memory_peak_bytes = run.lent.memory_peak()
    return _result("suspended", run, cache_hit, suspension=suspension_json(info))


def noted(result: ExecutionResult, *, cache_hit: bool) -> ExecutionResult:
    """Return *result* with *cache_hit* set by compilations outside the run."""
    return replace(result, metrics={**(result.metrics or {}), "cache_hit": cache_hit})


def suspension_json(info: SuspensionInfo) -> dict[str, Any]:
    """Return a suspension as JSON for a caller that already has the execution's result."""
    return {
        "id": info.id,
        "extension": info.extension,
        "method": info.method,
        "arguments": info.arguments,
        "expires_at": info.expires_at,
    }


def error_json(error: NexusError) -> dict[str, str]:
    """Return an error as JSON for results. The details of internal errors stay in the log."""
    message = "internal error" if isinstance(error, InternalError) else str(error)
    return {"code": error.code, "message": message}


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
