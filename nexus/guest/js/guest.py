"""One JavaScript guest: a task in, its result out."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from nexus.errors import (
    DeadlineExceeded,
    GuestError,
    GuestTrap,
    InvalidArgument,
    InvalidResponse,
    PermissionDenied,
)
from nexus.guest.host.context import ExecutionContext, read_context
from nexus.guest.js.bridge import Bridge, sleep
from nexus.guest.js.entry import Entry
from nexus.guest.js.errors import OUT_OF_MEMORY, Thrown, read_thrown
from nexus.guest.js.image import put, take
from nexus.guest.js.interpreter import EXCEPTION, UNDEFINED, Interpreter, tag
from nexus.guest.js.request import head_of
from nexus.guest.js.response import response_of
from nexus.guest.wasi import errno
from nexus.guest.wasi.descriptors import CappedOutput, LogOutput
from nexus.guest.wasi.link import Implementation, host_functions
from nexus.guest.wasi.process import Process
from nexus.guest.wasi.program import Program
from nexus.model import Asked, Context, Handler, HttpRequest, HttpResponse, Resumption
from nexus.protocols import EngineInstance, HostFunctions, Run, Task

_NO_ROOM: Final = Thrown("", "null", "")
"""what QuickJS throws where there is not even room for an error; where there is not room for all
of it, it is an InternalError with some message"""
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


class JsGuest:
    """The host's side of one thread's QuickJS; see `nexus.protocols.Guest`."""

    def __init__(self) -> None:
        self._process = Process()
        self._bridge = Bridge(self._process.services)
        self._functions = host_functions(self._process, _REFUSED)

    def functions(self) -> HostFunctions:
        """Return all functions of WASI preview 1."""
        return self._functions

    def perform(self, instance: EngineInstance, task: Task, handler: Handler, run: Run) -> Any:
        """Run *task* to its result: HttpRequest -> HttpResponse, Context -> JSON value; Context and
        Resumption -> Asked where it waits for an answer that was deferred.

        Raises: GuestError, or whatever `run.stopped` holds when the guest has ended;
            InvalidArgument for a command line, which JavaScript does not have.
        """
        if isinstance(task, HttpRequest):
            return self._respond(instance, task, handler, run)
        if isinstance(task, Context):
            return self._evaluate(instance, task, handler, run)
        if isinstance(task, Resumption):
            return self._go_on(instance, task, handler, run)
        raise InvalidArgument("a JavaScript handler takes requests and contexts, no command line")

    def _respond(
        self, instance: EngineInstance, request: HttpRequest, handler: Handler, run: Run
    ) -> HttpResponse:
        body = CappedOutput(run, run.limits.max_response_bytes)
        head = head_of(request, handler)

        def start(js: Interpreter, entry: Entry) -> bytes:
            arguments = [_checked(js, js.parse_json(head))]
            if request.body:
                arguments.append(_checked(js, js.uint8array(request.body)))
            _checked(js, js.call(entry.respond, arguments))
            return self._settle(js, entry, entry.result, run)

        answer = self._entered(instance, handler, run, body, start)
        assert isinstance(answer, bytes)  # nobody could bring a request what it asked
        is_head = request.meta.get("REQUEST_METHOD") == "HEAD"
        return response_of(answer, body.content, run.limits, to_head=is_head)

    def _evaluate(
        self, instance: EngineInstance, context: Context, handler: Handler, run: Run
    ) -> Any:
        found = read_context(context.json)

        def start(js: Interpreter, entry: Entry) -> bytes:
            given = b'{"args":%b,"scope":%b}' % (found.args, found.scope)
            value = _checked(js, js.parse_json(given))
            _checked(js, js.call(entry.evaluate, (value,)))
            if entry.script != UNDEFINED:
                promise = _checked(js, js.c("JS_EvalFunction", entry.script))
                _checked(js, js.call(entry.follow, (promise,)))
            return self._settle(js, entry, entry.value, run)

        answer = self._entered(instance, handler, run, CappedOutput(run, 0), start, found)
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
        stopped = run.stopped
        if stopped is None:
            return answer
        cause = stopped.__cause__
        if isinstance(cause, (KeyboardInterrupt, SystemExit)):
            raise cause  # it arrived during a host call, where it could not be raised
        raise stopped

    def _settle(self, js: Interpreter, entry: Entry, result: int, run: Run) -> bytes:
        """Run jobs and timers until there is a result, and return it as JSON."""
        while True:
            js.run_jobs()
            answer = js.text(_checked(js, js.call(result)))
            if answer.startswith(b'{"error":'):
                thrown = read_thrown(json.loads(answer)["error"])
                if (thrown == _NO_ROOM or thrown.name == "InternalError") and js.is_full():
                    thrown = OUT_OF_MEMORY
                raise _failed(thrown, run, self._process.services().denied)
            if not answer.startswith((b'{"pending":', b'{"wait":')):
                return answer
            if self._process.services().deferred:
                return _WAITS
            if answer == b'{"pending":true}':
                raise GuestTrap(
                    "the handler's promise never settles: nothing is left to run that could"
                )
            if not sleep(run, _wait_s(answer)):
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
    if isinstance(answer, Asked):
        return answer
    limit = run.limits.max_response_bytes
    if len(answer) > limit:
        raise InvalidResponse(f"the value is longer than {limit} bytes as JSON")
    try:
        return json.loads(answer.decode("utf-8", "replace")).get("value")
    except (ValueError, RecursionError) as error:
        raise InvalidResponse(f"the value cannot be read as JSON: {error}") from error


def _wait_s(answer: bytes) -> float:
    wait = json.loads(answer)["wait"]
    if not isinstance(wait, (int, float)):  # the handler replaced what timers count with
        raise GuestTrap("a timer of the handler is due at no time")
    return wait / 1000


def _checked(js: Interpreter, value: int) -> int:
    """Return *value*; raise what was thrown in its place, which is never the handler's doing."""
    if tag(value) != EXCEPTION:
        return value
    name = js.text(js.get(error := js.exception(), "name")).decode("utf-8", "replace")
    message = js.text(js.get(error, "message")).decode("utf-8", "replace")
    raise Thrown(name, message, "").as_guest_error()


def _failed(thrown: Thrown, run: Run, denied: str) -> GuestError:
    """The error for what a handler threw; its stack goes to the log. *denied*: what the host said
    to the last call that it denied."""
    report = thrown.report()
    lines = report.encode("utf-8", "replace").split(b"\n")
    LogOutput(run).write(memoryview(b"".join(b"<3>%s\n" % line for line in lines)))
    error = thrown.as_guest_error()
    if thrown.name == PermissionDenied.__name__ and thrown.message == denied:
        error = PermissionDenied(denied)
    error.stack = report
    return error
