"""Builds `ExecutionResult`s: how an execution ended, or how far it has come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from nexus.errors import InternalError, NexusError
from nexus.model import ExecutionResult, SuspensionInfo
from nexus.run import Execution
from nexus.run.timer import metrics_of


def succeeded(
    run: Execution, value: Any, unanswered: Sequence[SuspensionInfo] = (), *, cache_hit: bool = True
) -> ExecutionResult:
    """Return the result of *run*, which ended with *value* and left *unanswered* questions."""
    return _result("success", run, cache_hit, unanswered, return_value=value)


def failed(
    run: Execution,
    error: NexusError,
    unanswered: Sequence[SuspensionInfo] = (),
    *,
    cache_hit: bool = True,
) -> ExecutionResult:
    """Return the result of *run*, which ended with *error* and left *unanswered* questions; it
    keeps the effects until then."""
    return _result("error", run, cache_hit, unanswered, error=error_json(error))


def suspended(
    run: Execution, questions: Sequence[SuspensionInfo], *, cache_hit: bool = True
) -> ExecutionResult:
    """Return the result of *run* so far, with the totals of all its parts and its open
    *questions*, the oldest first."""
    usage, timer = run.usage, run.timer
    usage.duration_s, usage.cpu_s = timer.wall_s(), timer.cpu_s()
    if run.lent is not None:
        usage.memory_used_bytes = run.lent.memory_used()
        usage.memory_peak_bytes = run.lent.memory_peak()
    asked = [suspension_json(info) for info in questions]
    return _result("suspended", run, cache_hit, suspension=asked[0], suspensions=asked)


def still_suspended(execution_id: str, questions: Sequence[SuspensionInfo]) -> ExecutionResult:
    """Return where a suspended run stands, without the effects and metrics of its next result."""
    asked = [suspension_json(info) for info in questions]
    return ExecutionResult(
        "suspended",
        execution_id=execution_id,
        suspension=asked[0] if asked else None,
        suspensions=asked,
    )


def noted(result: ExecutionResult, *, cache_hit: bool) -> ExecutionResult:
    """Return *result* with *cache_hit* set by compilations outside the run."""
    return replace(result, metrics={**(result.metrics or {}), "cache_hit": cache_hit})


def suspension_json(info: SuspensionInfo) -> dict[str, Any]:
    """Return an open question as JSON for a caller that has the execution's result."""
    return {"id": info.id, **question_json(info), "expires_at": info.expires_at}


def question_json(info: SuspensionInfo) -> dict[str, Any]:
    """Return what a question asks, as JSON."""
    return {"extension": info.extension, "method": info.method, "arguments": info.arguments}


def error_json(error: NexusError) -> dict[str, str]:
    """Return an error as JSON for results. The details of internal errors stay in the log."""
    message = "internal error" if isinstance(error, InternalError) else str(error)
    return {"code": error.code, "message": message}


def _result(
    status: str,
    run: Execution,
    cache_hit: bool,
    unanswered: Sequence[SuspensionInfo] = (),
    **fields: Any,
) -> ExecutionResult:
    new = run.effects.take()
    return ExecutionResult(
        status,
        state_mutations=new.state_mutations,
        events=new.events,
        view_commands=new.view_commands,
        metrics=metrics_of(run.usage, cache_hit=cache_hit),
        execution_id=run.execution_id,
        unanswered=[question_json(info) for info in unanswered],
        **fields,
    )
