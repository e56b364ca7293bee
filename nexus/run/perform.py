"""Makes a guest do a task: the one place that dispatches on the kinds of tasks."""

from __future__ import annotations

from typing import TypeVar, cast

from nexus.model import Command, Context, Handler, HttpRequest, Resumption, Task
from nexus.plugin_api.engine import EngineInstance
from nexus.plugin_api.guest import Guest, Run

R = TypeVar("R")


def perform(guest: Guest, instance: EngineInstance, task: Task[R], handler: Handler, run: Run) -> R:
    """Run *task* and return its answer.

    Raises: GuestError, or the error in `run.stopped` once the guest has ended; TypeError for an
        unknown kind of task.
    """
    answer: object
    if isinstance(task, HttpRequest):
        answer = guest.respond(instance, task, handler, run)
    elif isinstance(task, Context):
        answer = guest.evaluate(instance, task, handler, run)
    elif isinstance(task, Resumption):
        answer = guest.resume(instance, task, handler, run)
    elif isinstance(task, Command):
        answer = guest.execute(instance, task, handler, run)
    else:
        raise TypeError(f"no guest can do {type(task).__name__}")
    return cast(R, answer)
