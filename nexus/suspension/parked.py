"""A run on its own thread, where it can wait inside its guest for an answer.

caller                    run's thread                       resuming caller
start() ---- job -------> the path: enter, watch, acquire
                                                    the guest calls an extension
  <------- suspended ---- park: leave, unwatch, wait
                          <----------- answer ------------- go_on()
                          enter, watch; the guest goes on
                          ... --------- success ---------->
"""

from __future__ import annotations

import queue
from collections.abc import Callable
from typing import Any, NamedTuple

from nexus.errors import AdmissionError, GuestError, InternalError, NexusError
from nexus.model import ExecutionResult, ExtensionAnswer, Handler, SuspensionInfo, Task
from nexus.pool import WasmInstance
from nexus.run import Execution
from nexus.run.dispatch import Way
from nexus.run.results import failed, succeeded, suspended
from nexus.suspension.parts import Parts
from nexus.suspension.place import Place

_Reply = queue.SimpleQueue["ExecutionResult | NexusError"]
"""A queue from which a waiting caller gets the run's next result"""


class _Woken(NamedTuple):
    """The end of a wait: an answer and the queue for the next result, or a reason to end."""

    answer: ExtensionAnswer | NexusError
    reply: _Reply


class ParkedRun:
    """A run that can be suspended; see `nexus.suspension.record.Suspended`."""

    def __init__(
        self, parts: Parts, handler: Handler, task: Task[Any], run: Execution, place: Place
    ) -> None:
        self._parts, self._handler, self._task, self._run = parts, handler, task, run
        self.execution_id, self.patience_s = run.execution_id, handler.limits.timeout_s
        self._place = place
        self._wakes: queue.SimpleQueue[_Woken] = queue.SimpleQueue()
        self._reply: _Reply = queue.SimpleQueue()
        """used by the run's thread: the queue of the caller that waits now"""
        run.extensions = self

    # ---- callers ----------------------------------------------------------------------------

    def start(self, submit: Callable[[Callable[[], None]], None]) -> ExecutionResult:
        """Pass the run to *submit* as a job for another thread; wait until it ends or is suspended
        for the first time.

        Raises: AdmissionError if it was not run.
        """
        reply = self._reply
        submit(self._work)
        return _received(reply)

    def go_on(self, suspension_id: str, answer: ExtensionAnswer) -> ExecutionResult:
        """Raises: AdmissionError if it cannot continue now; it stays suspended."""
        reply: _Reply = queue.SimpleQueue()
        self._wakes.put(_Woken(answer, reply))
        return _received(reply)

    def wake(self) -> None:
        """Do nothing: its guest waits within a call, and has no timers."""

    def end(self, reason: NexusError) -> None:
        self._wakes.put(_Woken(reason, queue.SimpleQueue()))

    # ---- the run's thread -------------------------------------------------------------------

    def _work(self) -> None:
        run = self._run
        run.timer.move_here()
        dispatcher = self._parts.dispatcher
        way = Way(self._place, self._place, dispatcher.ended)
        outcome: ExecutionResult | NexusError = InternalError("the run's thread ended")
        try:
            outcome = succeeded(run, dispatcher.run(self._handler, self._task, run, way))
        except (GuestError, InternalError) as error:
            outcome = failed(run, error)
        except NexusError as error:
            outcome = error
        finally:
            self._leave(outcome)
            self._reply.put(outcome)

    def _leave(self, outcome: ExecutionResult | NexusError) -> None:
        kept = self._parts.kept
        if isinstance(outcome, ExecutionResult):
            kept.keep(self.execution_id, outcome)
        else:
            kept.drop(self.execution_id, str(outcome))
        self._parts.book.leave(self)

    def call(
        self, run: Execution, name: str, method: str, arguments: bytes
    ) -> ExtensionAnswer | None:
        """Answer the guest's call at once, or suspend the run until a caller answers."""
        asked = self._parts.ask(self._handler, run, name, method, arguments)
        if not isinstance(asked, SuspensionInfo):
            return asked
        instance = run.lent
        assert isinstance(instance, WasmInstance)  # a guest calls while its instance executes
        return self._suspend(asked, instance)

    def _suspend(self, info: SuspensionInfo, instance: WasmInstance) -> ExtensionAnswer | None:
        parts, run = self._parts, self._run
        try:
            parts.book.check_room(self)
            parts.pool.suspend(instance, [info.id], lambda answer: parts.resume(info.id, answer))
            parts.kept.begin(self.execution_id)
            parts.book.add(self, [info])
        except NexusError as refused:
            parts.book.count("refused")
            run.stop(refused)
            return None
        run.park()
        self._place.park()
        self._reply.put(suspended(run, [info]))
        return self._wait(instance)

    def _wait(self, instance: WasmInstance) -> ExtensionAnswer | None:
        """Wait for an answer, then take the place in the queue and the watchdog again."""
        parts, run = self._parts, self._run
        while True:
            answer, reply = self._wakes.get()
            run.go_on()
            if isinstance(answer, NexusError):
                run.stop(answer)
                return None
            try:
                self._place.take_again(run)
                parts.pool.go_on(instance, run.deadline)
            except AdmissionError as refused:
                self._place.park()
                kept = parts.book.give_back(self)
                reply.put(refused)
                if not kept:
                    run.stop(refused)
                    return None
                continue
            self._reply = reply
            parts.book.continues(self)
            return answer


def _received(reply: _Reply) -> ExecutionResult:
    found = reply.get()
    if isinstance(found, NexusError):
        raise found
    return found
