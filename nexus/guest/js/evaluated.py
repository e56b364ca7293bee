"""One JavaScript guest that is evaluated anew for every task; see `evaluation`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nexus.errors import GuestError, GuestTrap
from nexus.guest.host.context import ExecutionContext
from nexus.guest.js.errors import OUT_OF_MEMORY
from nexus.guest.js.evaluation import ANSWER, TASK, AnswerOutput, Given, Kind, TaskInput, evaluate
from nexus.guest.js.files import FOLDER, SourceFolder, folder_functions
from nexus.guest.js.outcome import (
    ERROR,
    LOADED,
    PENDING,
    UNUSABLE,
    check_stopped,
    failure,
    is_full,
    never_settles,
    value_of,
)
from nexus.guest.js.script_guest import ScriptGuest
from nexus.guest.wasi.descriptors import CappedOutput, LogOutput
from nexus.guest.wasi.exit import GuestExit
from nexus.guest.wasi.program import Program
from nexus.model import Handler
from nexus.protocols import EngineInstance, Run

_NO_PROGRAM = Program()


class EvaluatedGuest(ScriptGuest):
    """A QuickJS that starts anew for every task."""

    def __init__(self) -> None:
        super().__init__(folder_functions())

    def _respond(
        self,
        instance: EngineInstance,
        handler: Handler,
        run: Run,
        head: bytes,
        content: bytes,
        body: CappedOutput,
    ) -> bytes:
        return self._answer(instance, Given(Kind.RESPOND, head, content), handler, run, body)

    def _evaluate(
        self,
        instance: EngineInstance,
        handler: Handler,
        run: Run,
        given: bytes,
        context: ExecutionContext,
    ) -> Any:
        task = Given(Kind.EVALUATE, given)
        answer = self._answer(instance, task, handler, run, CappedOutput(run, 0), context)
        return value_of(answer, run)

    def _answer(
        self,
        instance: EngineInstance,
        given: Given,
        handler: Handler,
        run: Run,
        body: CappedOutput,
        context: ExecutionContext | None = None,
    ) -> bytes:
        """What a handler that came to a result came to. Raises: as `perform`."""
        answer, denied = self.ask(instance, given, handler.compiled.files, run, body, context)
        if answer.startswith(ERROR):
            full = is_full(instance.memory_size(), run.limits.memory_bytes)
            raise failure(answer, run, denied, full=full)
        if answer == PENDING:
            raise never_settles()
        if answer == UNUSABLE:
            raise GuestTrap("the handler's default export is not what it was when it was loaded")
        return answer

    def ask(
        self,
        instance: EngineInstance,
        given: Given,
        files: Mapping[str, bytes],
        run: Run,
        body: CappedOutput,
        context: ExecutionContext | None = None,
    ) -> tuple[bytes, str]:
        """Evaluate *given* among *files*: the last answer, and what was denied last.

        Raises: as `perform`, but for what the answer says.
        """
        process, answer = self._process, AnswerOutput(run)
        task = TaskInput(instance, given, files)
        descriptors = self._bridge.open(run, body)
        descriptors[1] = LogOutput(run)
        descriptors[FOLDER] = SourceFolder(files)
        descriptors[TASK], descriptors[ANSWER] = task, answer
        process.start(instance, run, _NO_PROGRAM, descriptors, context)
        denied = ""
        try:
            evaluate(instance, run, task)
            denied = process.services().denied
        except GuestError:
            # The trap that ended the guest; why it was to end is known better.
            if run.stopped is None:
                raise
        finally:
            process.finish()
        if isinstance(run.stopped, GuestExit):
            raise GuestTrap(f"QuickJS gave up ({run.stopped}); the log has why")
        check_stopped(run)
        # Where the last answer could not be told, that of loading is still there.
        if answer.content and (answer.content != LOADED or given.kind is Kind.LOAD):
            return answer.content, denied
        if is_full(instance.memory_size(), run.limits.memory_bytes):
            raise OUT_OF_MEMORY.as_guest_error()
        raise GuestTrap("QuickJS ended without an answer; the log has why")
