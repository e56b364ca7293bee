"""One JavaScript guest: a task in, its result out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from nexus.errors import DeadlineExceeded, GuestError
from nexus.guest.host.context import ExecutionContext
from nexus.guest.js.bridge import sleep
from nexus.guest.js.entry import Entry
from nexus.guest.js.errors import Thrown
from nexus.guest.js.image import put, take
from nexus.guest.js.interpreter import EXCEPTION, UNDEFINED, Interpreter, tag
from nexus.guest.js.outcome import (
    ERROR,
    PENDING,
    WAIT,
    check_stopped,
    failure,
    never_settles,
    value_of,
    wait_s,
)
from nexus.guest.js.script_guest import ScriptGuest
from nexus.guest.wasi import errno
from nexus.guest.wasi.descriptors import CappedOutput
from nexus.guest.wasi.link import Implementation
from nexus.guest.wasi.process import Process
from nexus.guest.wasi.program import Program
from nexus.model import Asked, Handler, Resumption
from nexus.plugin_api.engine import EngineInstance
from nexus.plugin_api.guest import Run, Task

_WAITS: Final = b'{"waits":true}'
"""in a result's place: the guest waits for an answer that was deferred"""
_NO_PROGRAM: Final = Program()


def _refuse(process: Process, *arguments: int) -> int:
    return errno.NOTSUP


_REFUSED: Final[Mapping[str, Implementation]] = {
    "fd_close": _refuse,
    "fd_fdstat_set_flags": _refuse,
    "fd_fdstat_set_rights": _refuse,
    "fd_renumber": _refuse,
}
"""QuickJS has no need of them here, and what they change outlives a run"""


class JsGuest(ScriptGuest):
    """A QuickJS that is entered at a snapshot, by the names of its functions."""

    def __init__(self) -> None:
        super().__init__(_REFUSED)

    def perform(self, instance: EngineInstance, task: Task, handler: Handler, run: Run) -> Any:
        """As for all, and Resumption -> JSON value; Context and Resumption -> Asked where it waits
        for an answer that was deferred."""
        if isinstance(task, Resumption):
            return self._go_on(instance, task, handler, run)
        return super().perform(instance, task, handler, run)

    def _respond(
        self,
        instance: EngineInstance,
        handler: Handler,
        run: Run,
        head: bytes,
        content: bytes,
        body: CappedOutput,
    ) -> bytes:
        def start(js: Interpreter, entry: Entry) -> bytes:
            arguments = [_checked(js, js.parse_json(head))]
            if content:
                arguments.append(_checked(js, js.uint8array(content)))
            _checked(js, js.call(entry.respond, arguments))
            return self._settle(js, entry, entry.result, run)

        answer = self._entered(instance, handler, run, body, start)
        assert isinstance(answer, bytes)  # nobody could bring a request what it asked
        return answer

    def _evaluate(
        self,
        instance: EngineInstance,
        handler: Handler,
        run: Run,
        given: bytes,
        context: ExecutionContext,
    ) -> Any:
        def start(js: Interpreter, entry: Entry) -> bytes:
            value = _checked(js, js.parse_json(given))
            _checked(js, js.call(entry.evaluate, (value,)))
            if entry.script != UNDEFINED:
                promise = _checked(js, js.c("JS_EvalFunction", entry.script))
                _checked(js, js.call(entry.follow, (promise,)))
            return self._settle(js, entry, entry.value, run)

        answer = self._entered(instance, handler, run, CappedOutput(run, 0), start, context)
        return _value(answer, run)

    def _go_on(self, instance: EngineInstance, task: Resumption, handler: Handler, run: Run) -> Any:
        found, answer = task.asked.image, task.answer

        def start(js: Interpreter, entry: Entry) -> bytes:
            task.begins()
            put(instance, found)
            self._process.adopt(found.services)
            given = b'{"ok":%b,"value":%b}' % (b"true" if answer.ok else b"false", answer.value)
            _checked(js, js.call(entry.answered, (_checked(js, js.parse_json(given)),)))
            return self._settle(js, entry, entry.value, run)

        return _value(self._entered(instance, handler, run, CappedOutput(run, 0), start), run)

    # ---- what both have in common --------------------------------------------------------------

    def _entered(
        self,
        instance: EngineInstance,
        handler: Handler,
        run: Run,
        body: CappedOutput,
        start: Callable[[Interpreter, Entry], bytes],
        context: ExecutionContext | None = None,
    ) -> bytes | Asked:
        """Call *start* with the guest served on behalf of *run*."""
        entry = Entry(*handler.compiled.entry)
        process = self._process
        process.start(instance, run, _NO_PROGRAM, self._bridge.open(run, body), context)
        try:
            js = Interpreter(instance, entry.addresses(), run.limits.memory_bytes)
            answer: bytes | Asked = start(js, entry)
            if answer is _WAITS:
                answer = self._asked(instance, handler)
        except GuestError:
            # The trap that ended the guest; why it was to end is known better.
            if run.stopped is None:
                raise
        finally:
            process.finish()
        check_stopped(run)
        return answer

    def _settle(self, js: Interpreter, entry: Entry, result: int, run: Run) -> bytes:
        """Run jobs and timers until there is a result, and return it as JSON."""
        while True:
            js.run_jobs()
            answer = js.text(_checked(js, js.call(result)))
            if answer.startswith(ERROR):
                denied = self._process.services().denied
                raise failure(answer, run, denied, full=js.is_full())
            if answer != PENDING and not answer.startswith(WAIT):
                return answer
            if self._process.services().deferred:
                return _WAITS
            if answer == PENDING:
                raise never_settles()
            if not sleep(run, wait_s(answer)):
                run.stop(DeadlineExceeded("not finished within its deadline"))
                return b""
            _checked(js, js.call(entry.wake))

    def _asked(self, instance: EngineInstance, handler: Handler) -> Asked:
        """What the guest waits for, and all there is of it."""
        services, snapshot = self._process.services(), handler.compiled.snapshot
        assert snapshot is not None  # every JavaScript handler begins at one
        extension, method, arguments = services.deferred.popleft()
        image = take(instance, snapshot, services)
        return Asked(extension, method, arguments, image, image.size_bytes())


def _value(answer: bytes | Asked, run: Run) -> Any:
    """The value of an execution that has come to one."""
    return answer if isinstance(answer, Asked) else value_of(answer, run)


def _checked(js: Interpreter, value: int) -> int:
    """Return *value*; raise what was thrown in its place, which is never the handler's doing."""
    if tag(value) != EXCEPTION:
        return value
    name = js.text(js.get(error := js.exception(), "name")).decode("utf-8", "replace")
    message = js.text(js.get(error, "message")).decode("utf-8", "replace")
    raise Thrown(name, message, "").as_guest_error()
