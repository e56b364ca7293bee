"""Finds the list of jobs that promises have queued, to tell whether any is left to run."""

from __future__ import annotations

from typing import Final

from nexus.errors import CompilationError
from nexus.guest.js.interpreter import EXCEPTION, Interpreter, tag
from nexus.guest.js.structures.changes import changes
from nexus.plugin_api.engine import EngineInstance
from nexus.plugin_api.guest import Run

_PROBE: Final = b"Promise.resolve().then(() => {}); undefined"


def find_jobs(instance: EngineInstance, js: Interpreter, runtime: int, run: Run) -> int:
    """Return the address of the list of jobs: while it is empty, it points to itself.

    Raises: CompilationError if this build of QuickJS keeps its jobs in another way.
    """

    def queue() -> None:
        if tag(js.evaluate(_PROBE, "nexus:probe", 0)) == EXCEPTION:
            raise CompilationError("QuickJS cannot queue a job")

    queued = changes(instance, runtime, queue)
    emptied = changes(instance, runtime, lambda: js.run_jobs(run))
    empty = {word.at for word in queued if word.before == word.at}
    heads = [word.at for word in emptied if word.at in empty and word.after == word.at]
    if len(heads) != 1:
        raise CompilationError("this build of QuickJS does not list its jobs as Nexus expects")
    return heads[0]
