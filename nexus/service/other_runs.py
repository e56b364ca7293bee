"""Shows plugins the runs that no HTTP request begins: of schedules, and with a JSON context."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nexus.errors import NexusError
from nexus.metrics import PluginErrors
from nexus.model import Context, Handler, HttpRequest, Resumption, Task
from nexus.plugin_api.filters import OtherRun, RequestFilter, RunObserver
from nexus.run import Execution
from nexus.run.dispatch import Ended, Watches, outcome_of
from nexus.service.observers import Guarded, let_see


def watches_of(
    filters: Sequence[tuple[str, RequestFilter]], errors: PluginErrors
) -> Watches | None:
    """Return what the dispatcher calls as a run begins; None if no filter sees such runs."""
    seeing = [
        Guarded[Any](plugin, found, errors.count)
        for plugin, found in filters
        if hasattr(found, "begin_run")
    ]
    if not seeing:
        return None

    def watch(handler: Handler, task: Task[Any], run: Execution) -> Ended | None:
        other = _other_run(task, run)
        return None if other is None else _begin(seeing, errors, handler, run, other)

    return watch


def _begin(
    seeing: Sequence[Guarded[Any]],
    errors: PluginErrors,
    handler: Handler,
    run: Execution,
    other: OtherRun,
) -> Ended:
    observers: list[Guarded[RunObserver]] = []
    for guarded in seeing:
        made = guarded.call(lambda of: of.begin_run(handler, other))
        if made is not None:
            observers.append(Guarded(guarded.plugin, made, errors.count))
    let_see(run, observers, errors.count)

    def end(error: NexusError | None) -> None:
        outcome = outcome_of(error)
        for one in reversed(observers):
            one.call(lambda found: found.end(outcome, run.usage))

    return end


def _other_run(task: Task[Any], run: Execution) -> OtherRun | None:
    match task:
        case HttpRequest(scheduled=None):
            return None
        case HttpRequest(scheduled=scheduled):
            assert scheduled is not None
            return OtherRun(run.execution_id, "schedule", scheduled.cron)
        case Context():
            return OtherRun(run.execution_id, "execute")
        case Resumption():
            return OtherRun(run.execution_id, "resume")
        case _:  # a command line
            return None
