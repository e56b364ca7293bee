"""`Suspensions`: starts runs that can be suspended, and resumes them in whichever worker."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nexus.errors import ExecutionNotFound, NexusError, SuspensionGone
from nexus.model import (
    Compiled,
    ExecutionResult,
    ExtensionAnswer,
    Handler,
    Isolation,
    SuspensionInfo,
    Task,
)
from nexus.plugin_api.capabilities import EXTENSION
from nexus.pool import InstancePool
from nexus.run import Execution
from nexus.run.dispatch import Deadlines, Dispatcher, Queue
from nexus.run.native_stack import EXTENSION_BYTES, RESERVE_BYTES
from nexus.run.results import still_suspended
from nexus.suspension import wire
from nexus.suspension.book import SuspensionBook
from nexus.suspension.extensions import Extensions
from nexus.suspension.ids import SuspensionIds
from nexus.suspension.kept import KeptResults
from nexus.suspension.parked import ParkedRun
from nexus.suspension.parts import Parts
from nexus.suspension.peers import TIMEOUT_S, Peers
from nexus.suspension.place import Place
from nexus.suspension.stored import StoredRun
from nexus.suspension.threads import Job, RunThreads


class Suspensions:
    """The suspended runs of one worker, and access to those of others. Thread-safe."""

    def __init__(
        self,
        dispatcher: Dispatcher,
        queue: Queue,
        deadlines: Deadlines,
        pool: InstancePool,
        extensions: Extensions,
        ids: SuspensionIds,
        book: SuspensionBook,
        kept: KeptResults,
        guest_bytes: int,
        can_defer: Callable[[Compiled], bool],
    ) -> None:
        """*guest_bytes*: how much native stack a guest may use. *can_defer* returns whether a
        module's guests can continue from an image."""
        self._can_defer = can_defer
        self._queue, self._deadlines = queue, deadlines
        self._ids, self._book, self._kept = ids, book, kept
        self._threads = RunThreads(_thread_bytes(guest_bytes), pool.leave_thread)
        self._parts = Parts(
            dispatcher, pool, extensions, ids, book, kept, self._threads, self._resume_here
        )
        self._peers: Peers | None = None

    def start(self, folder: Path | None = None) -> None:
        """Begin ending expired runs. *folder*: where the pod's workers have their sockets.

        Raises: OSError.
        """
        self._book.start()
        if folder is not None:
            self._peers = Peers(folder, self._ids.worker, self._serve)
            self._peers.start()

    def resize_stacks(self, guest_bytes: int) -> None:
        """Let guests that start from now on use *guest_bytes* of native stack."""
        self._threads.resize_stacks(_thread_bytes(guest_bytes))

    def submit(self, key: str, job: Job) -> None:
        """Run *job* on a thread that may run guests, if possible one whose last job had the same
        *key*.

        Raises: ShuttingDown.
        """
        self._threads.submit(key, job)

    def close(self, grace_s: float) -> None:
        """End all suspended runs, and wait up to *grace_s* for running ones."""
        self._book.close()
        self._threads.close(grace_s)
        peers, self._peers = self._peers, None
        if peers is not None:
            peers.close(grace_s)

    # ---- runs -------------------------------------------------------------------------------

    def can_suspend(self, handler: Handler) -> bool:
        """Return whether a run of *handler* may be suspended: it may call some extension."""
        return any(token.startswith(f"{EXTENSION}:") for token in handler.capabilities)

    def execute(self, handler: Handler, task: Task[Any], run: Execution) -> ExecutionResult:
        """Run *task* until it ends or is suspended.

        Raises: AdmissionError if it was not run.
        """
        # A handler that keeps its state cannot continue on an instance that another run has used.
        if self._can_defer(handler.compiled) and handler.isolation is not Isolation.REUSE:
            stored = StoredRun(self._parts, handler, run, self._queue, self._deadlines)
            return stored.start(task)
        place = Place(self._queue, self._deadlines, handler)
        parked = ParkedRun(self._parts, handler, task, run, place)
        return parked.start(lambda job: self._threads.submit(handler.compiled.key, job))

    def resume(self, suspension_id: str, answer: ExtensionAnswer) -> ExecutionResult:
        """Answer a question of a suspended run; return the run's next result.

        Raises: SuspensionError; AdmissionError, after which it can still be answered.
        """
        worker = self._ids.worker_of(suspension_id)
        if worker == self._ids.worker:
            return self._resume_here(suspension_id, answer)
        message = {"resume": suspension_id, **wire.answer_out(answer)}
        return wire.result_in(self._ask(worker, message))

    def cancel(self, suspension_id: str) -> None:
        """End the run that has asked a question.

        Raises: SuspensionError.
        """
        worker = self._ids.worker_of(suspension_id)
        if worker == self._ids.worker:
            self._book.cancel(suspension_id)
        else:
            self._ask(worker, {"cancel": suspension_id})

    def all(self) -> list[SuspensionInfo]:
        """Return the open questions of the pod's suspended runs, the oldest first."""
        found = self._book.infos()
        peers = self._peers
        if peers is not None:
            for answer in peers.ask_all({"list": True}):
                found += wire.infos_in(answer)
        return sorted(found, key=lambda info: info.suspended_at)

    def result(self, execution_id: str, wait_s: float = 0.0) -> ExecutionResult:
        """Return the result of a run of the pod that was suspended, or, if it does not end within
        *wait_s*, its open questions.

        Raises: ExecutionNotFound if no run of this id was suspended; ExecutionGone if its result is
            forgotten, or if it ended without one.
        """
        with contextlib.suppress(ExecutionNotFound):
            return self._result_here(execution_id, wait_s)
        peers, message = self._peers, {"result": execution_id, "wait_s": wait_s}
        for worker in peers.others() if peers is not None else ():
            assert peers is not None
            with contextlib.suppress(ExecutionNotFound, SuspensionGone):
                answer = peers.ask(worker, message, wait_s + TIMEOUT_S)
                return wire.result_in(wire.check(answer))
        raise ExecutionNotFound(f"no execution {execution_id[:120]!r} was suspended here")

    def _result_here(self, execution_id: str, wait_s: float) -> ExecutionResult:
        ended = self._kept.find(execution_id, wait_s)
        if ended is not None:
            return ended
        return still_suspended(execution_id, self._book.infos_of(execution_id))

    def _resume_here(self, suspension_id: str, answer: ExtensionAnswer) -> ExecutionResult:
        return self._book.claim(suspension_id).go_on(suspension_id, answer)

    # ---- other workers ----------------------------------------------------------------------

    def _ask(self, worker: str, message: dict[str, Any]) -> dict[str, Any]:
        peers = self._peers
        return wire.check(peers.ask(worker, message) if peers is not None else None)

    def _serve(self, message: dict[str, Any]) -> dict[str, Any]:
        """Answer another worker's message."""
        try:
            if "resume" in message:
                result = self._resume_here(message["resume"], wire.answer_in(message))
                return {"result": result.to_json()}
            if "result" in message:
                found = self._result_here(message["result"], message["wait_s"])
                return {"result": found.to_json()}
            if "cancel" in message:
                self._book.cancel(message["cancel"])
                return {}
            return wire.infos_out(self._book.infos())
        except NexusError as error:
            return wire.error_out(error)


def _thread_bytes(guest_bytes: int) -> int:
    """Return the stack of a thread whose guests may use *guest_bytes* of it."""
    return guest_bytes + RESERVE_BYTES + EXTENSION_BYTES
