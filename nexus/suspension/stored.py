"""A suspended run whose guest has returned to the host: its memory is kept, and no thread.

Each turn runs on the thread that starts or resumes it, perhaps on another instance.
"""

from __future__ import annotations

import time
from typing import Any

from nexus.errors import AdmissionError, GuestError, InternalError, NexusError
from nexus.model import (
    DEFERRED,
    Asked,
    ExecutionResult,
    ExtensionAnswer,
    Handler,
    Resumption,
    SuspensionInfo,
    Task,
)
from nexus.pool import WasmInstance
from nexus.run import Execution
from nexus.run.dispatch import Deadlines, Queue, Way
from nexus.run.results import failed, succeeded, suspended
from nexus.suspension.extensions import parse
from nexus.suspension.parked import Parts
from nexus.suspension.place import Place


class StoredRun:
    """A run that can be suspended; see `nexus.suspension.book.Suspended`."""

    def __init__(
        self, parts: Parts, handler: Handler, run: Execution, queue: Queue, deadlines: Deadlines
    ) -> None:
        self._parts, self._handler, self._run = parts, handler, run
        self._place = Place(queue, deadlines, handler)
        # Report the end once for all turns, not once for each.
        self._way = Way(self._place, self._place, lambda *_: None)
        self._stored: WasmInstance | None = None
        """the suspended instance, or None; the next two fields belong to it"""
        self._id = ""
        self._asked: Asked | None = None
        run.extensions = self

    def call(
        self, run: Execution, name: str, method: str, arguments: bytes
    ) -> ExtensionAnswer | None:
        """Answer the guest's call at once, or make it wait for the answer."""
        if name in self._parts.extensions:
            return self._parts.extensions.call(run, name, method, arguments)
        return DEFERRED if run.check_time() else None

    def start(self, task: Task[Any]) -> ExecutionResult:
        """Run *task* until it ends or is suspended for the first time.

        Raises: AdmissionError if it was not run.
        """
        try:
            return self._turn(task)
        except NexusError as error:
            self._parts.dispatcher.ended(self._handler, self._run, error)
            raise

    def go_on(self, answer: ExtensionAnswer) -> ExecutionResult:
        """Raises: AdmissionError if it cannot continue now; it stays suspended."""
        run, suspension_id = self._run, self._id
        assert self._asked is not None  # because it is suspended
        run.go_on()
        try:
            return self._turn(Resumption(self._asked, answer, self._begin))
        except NexusError as error:
            waits = self._stored is not None and isinstance(error, AdmissionError)
            if not (waits and self._parts.book.give_back(suspension_id)):
                self.end(error)
            raise

    def end(self, reason: NexusError) -> None:
        """Drop the instance; its guest has nothing to unwind."""
        self._discard()
        self._parts.dispatcher.ended(self._handler, self._run, reason)

    # ---- one turn ---------------------------------------------------------------------------

    def _begin(self) -> None:
        """Drop the stored instance: the guest is about to continue."""
        self._discard()
        self._parts.book.resumed(self._id)

    def _discard(self) -> None:
        stored, self._stored, self._asked = self._stored, None, None
        if stored is not None:
            self._parts.pool.discard(stored)

    def _turn(self, task: Task[Any]) -> ExecutionResult:
        run = self._run
        try:
            value = self._parts.dispatcher.run(self._handler, task, run, self._way)
            if isinstance(value, Asked):
                return self._suspend(value)
        except (GuestError, InternalError) as error:
            if self._stored is not None:  # it did not continue, and no caller can try again
                self._begin()
            self._parts.dispatcher.ended(self._handler, run, error)
            return failed(run, error)
        self._parts.dispatcher.ended(self._handler, run, None)
        return succeeded(run, value)

    def _suspend(self, asked: Asked) -> ExecutionResult:
        """Raises: ResourceLimit, ShuttingDown, DeadlineExceeded."""
        parts, run = self._parts, self._run
        if not run.check_time():
            assert run.stopped is not None
            raise run.stopped
        now = time.time()
        info = SuspensionInfo(
            parts.ids.new(),
            self._handler.name,
            run.execution_id,
            asked.extension,
            asked.method,
            parse(asked.arguments),
            now,
            now + parts.book.timeout_s,
        )
        self._place.park()
        run.park()
        try:
            parts.book.check_room()
            self._keep(info.id, asked)
            result = suspended(run, info)
            parts.book.add(info, self)  # from now on other threads may resume or end it
        except NexusError:
            parts.book.count("refused")
            self._discard()
            raise
        return result

    def _keep(self, suspension_id: str, asked: Asked) -> None:
        parts = self._parts
        self._id, self._asked = suspension_id, asked
        self._stored = parts.pool.store(
            self._handler.compiled,
            asked.size_bytes,
            suspension_id,
            lambda answer: parts.resume(suspension_id, answer),
        )
