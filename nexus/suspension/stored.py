"""A suspended run whose guest has returned to the host: its memory is kept, and no thread.

Each turn runs on the thread that starts or resumes it, perhaps on another instance. A turn that a
timer begins runs on one of the worker's own threads.
"""

from __future__ import annotations

import contextlib
import itertools
from typing import Any, Final

from nexus.errors import (
    AdmissionError,
    GuestError,
    InternalError,
    NexusError,
    ResourceLimit,
    ShuttingDown,
)
from nexus.model import (
    Answered,
    Deferred,
    ExecutionResult,
    ExtensionAnswer,
    Handler,
    Resumption,
    SuspensionInfo,
    Task,
    Waiting,
)
from nexus.pool import WasmInstance
from nexus.run import Execution
from nexus.run.dispatch import Deadlines, Queue, Way
from nexus.run.results import failed, succeeded, suspended
from nexus.suspension.parts import Parts
from nexus.suspension.place import Place

MOST_QUESTIONS: Final = 100
"""Questions of one execution that may be open at once; a further one ends it"""
_AGAIN_S: Final = 0.25
"""How long after a timer found no place in the queue it tries again"""


class StoredRun:
    """A run that can be suspended; see `nexus.suspension.record.Suspended`."""

    def __init__(
        self, parts: Parts, handler: Handler, run: Execution, queue: Queue, deadlines: Deadlines
    ) -> None:
        self._parts, self._handler, self._run = parts, handler, run
        self.execution_id, self.patience_s = run.execution_id, handler.limits.timeout_s
        self._place = Place(queue, deadlines, handler)
        # Report the end once for all turns, not once for each.
        self._way = Way(self._place, self._place, lambda *_: None)
        self._numbers = itertools.count(1)
        self._questions: dict[int, SuspensionInfo] = {}
        """open questions by the guest's numbers, the oldest first"""
        self._sizes: dict[int, int] = {}
        """bytes of their arguments"""
        self._stored: WasmInstance | None = None
        """the suspended instance, or None; the next field belongs to it"""
        self._waiting: Waiting | None = None
        run.extensions = self

    def call(
        self, run: Execution, name: str, method: str, arguments: bytes
    ) -> ExtensionAnswer | Deferred | None:
        """Answer the guest's call at once, or make it a question that waits for its answer."""
        asked = self._parts.ask(self._handler, run, name, method, arguments)
        if not isinstance(asked, SuspensionInfo):
            return asked
        most_bytes = run.limits.max_effect_bytes
        if len(self._questions) >= MOST_QUESTIONS:
            run.stop(ResourceLimit(f"more than {MOST_QUESTIONS} open questions"))
            return None
        if sum(self._sizes.values()) + len(arguments) > most_bytes:
            run.stop(ResourceLimit(f"more than {most_bytes} bytes of open questions"))
            return None
        number = next(self._numbers)
        self._questions[number] = asked
        self._sizes[number] = len(arguments)
        return Deferred(number)

    # ---- callers ----------------------------------------------------------------------------

    def start(self, task: Task[Any]) -> ExecutionResult:
        """Run *task* until it ends or is suspended for the first time.

        Raises: AdmissionError if it was not run.
        """
        try:
            result = self._turn(task)
        except NexusError as error:
            self.end(error)
            raise
        assert result is not None
        return result

    def go_on(self, suspension_id: str, answer: ExtensionAnswer) -> ExecutionResult:
        """Raises: AdmissionError if it cannot continue now; it stays suspended."""
        number = next(n for n, info in self._questions.items() if info.id == suspension_id)
        result = self._continue(Answered(number, answer))
        assert result is not None
        return result

    def wake(self) -> None:
        """Run the timers that are due, on a thread of this worker."""
        try:
            self._parts.threads.submit(self._handler.compiled.key, self._run_timers)
        except ShuttingDown as error:
            if not self._parts.book.give_back(self, _AGAIN_S):
                self.end(error)

    def end(self, reason: NexusError) -> None:
        """Drop the instance; its guest has nothing to unwind."""
        self._discard()
        self._parts.dispatcher.ended(self._handler, self._run, reason)
        self._parts.kept.drop(self.execution_id, str(reason))
        self._parts.book.leave(self)

    # ---- one turn ---------------------------------------------------------------------------

    def _run_timers(self) -> None:
        with contextlib.suppress(NexusError):  # it waits for its next turn, or has been ended
            self._continue(None)

    def _continue(self, answered: Answered | None) -> ExecutionResult | None:
        """Continue with an answer, or, without one, with the timers that are due; then no caller
        waits for the result. Raises: AdmissionError if the run must stay suspended."""
        assert self._waiting is not None  # because it is suspended

        def begins() -> None:
            """Drop the stored instance: the guest is about to continue."""
            self._discard()
            self._parts.book.continues(self)
            if answered is not None:
                del self._questions[answered.number], self._sizes[answered.number]

        self._run.go_on()
        try:
            task = Resumption(self._waiting, answered, begins)
            return self._turn(task, reports=answered is not None)
        except NexusError as error:
            waits = self._stored is not None and isinstance(error, AdmissionError)
            again_s = None if answered is not None else _AGAIN_S
            if not (waits and self._parts.book.give_back(self, again_s)):
                self.end(error)
            raise

    def _discard(self) -> None:
        stored, self._stored, self._waiting = self._stored, None, None
        if stored is not None:
            self._parts.pool.discard(stored)

    def _turn(self, task: Task[Any], *, reports: bool = True) -> ExecutionResult | None:
        """Return the result; if the run is suspended, None unless it *reports* that: the effects so
        far are part of the next result that someone gets."""
        run = self._run
        left = self._questions.values()
        try:
            value = self._parts.dispatcher.run(self._handler, task, run, self._way)
            if isinstance(value, Waiting):
                return self._suspend(value, reports=reports)
        except (GuestError, InternalError) as error:
            self._discard()  # it may not have continued, and no caller can try again
            return self._ended(failed(run, error, list(left)), error)
        return self._ended(succeeded(run, value, list(left)), None)

    def _ended(self, result: ExecutionResult, error: NexusError | None) -> ExecutionResult:
        self._parts.dispatcher.ended(self._handler, self._run, error)
        self._parts.kept.keep(self.execution_id, result)
        self._parts.book.leave(self)
        return result

    def _suspend(self, waiting: Waiting, *, reports: bool) -> ExecutionResult | None:
        """Raises: ResourceLimit, ShuttingDown, DeadlineExceeded."""
        parts, run = self._parts, self._run
        if not run.check_time():
            assert run.stopped is not None
            raise run.stopped
        questions = list(self._questions.values())
        self._place.park()
        run.park()
        try:
            parts.book.check_room(self)
            self._keep(waiting, questions)
            result = suspended(run, questions) if reports else None
            parts.kept.begin(self.execution_id)
            parts.book.add(self, questions, _wake_s(waiting, parts.book.timeout_s))
        except NexusError:
            parts.book.count("refused")
            self._discard()
            raise
        return result

    def _keep(self, waiting: Waiting, questions: list[SuspensionInfo]) -> None:
        parts, first = self._parts, questions[0].id
        self._waiting = waiting
        self._stored = parts.pool.store(
            self._handler.compiled,
            waiting.size_bytes,
            [info.id for info in questions],
            lambda answer: parts.resume(first, answer),
        )


def _wake_s(waiting: Waiting, most_s: float) -> float | None:
    """Return when to wake the guest; None if it is not to be, or says no sensible time."""
    wake_s = waiting.wake_s
    return wake_s if wake_s is not None and wake_s < most_s else None
