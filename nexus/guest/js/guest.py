"""One JavaScript guest: a task in, its result out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from nexus.errors import GuestError
from nexus.guest.early import BodyStream, answer_early
from nexus.guest.host.assets import Assets
from nexus.guest.host.context import ExecutionContext, read_context
from nexus.guest.image import Image, put, take
from nexus.guest.js.answer import response_of, stream_head_of
from nexus.guest.js.bridge import ASSETS, BODY, Bridge
from nexus.guest.js.entry import Entry
from nexus.guest.js.interpreter import UNDEFINED, Interpreter
from nexus.guest.js.outcome import EARLY, STREAM, check_stopped, tell_where, value_of
from nexus.guest.js.settling import Result, Settling, Waits
from nexus.guest.json_pieces import pieces_of
from nexus.guest.json_request import head_of
from nexus.guest.json_text import to_json
from nexus.guest.preview1 import errno
from nexus.guest.preview1.descriptors import CappedOutput
from nexus.guest.preview1.link import Implementation, host_functions
from nexus.guest.preview1.process import Process
from nexus.guest.preview1.program import Program
from nexus.model import (
    Context,
    Handler,
    HttpRequest,
    HttpResponse,
    JsonValue,
    Resumption,
    Snapshot,
    Waiting,
)
from nexus.plugin_api.engine import EngineInstance, HostFunctions
from nexus.plugin_api.guest import GuestBase, Run

_NO_PROGRAM: Final = Program()
_SHORT_BYTES: Final = 4 << 10
"""A shorter body is passed with the head"""
_LONG_BYTES: Final = 1 << 20
"""A longer body that looks like JSON counts as JSON, whatever its type: many clients send none."""


def _refuse(process: Process, *arguments: int) -> int:
    return errno.NOTSUP


_REFUSED: Final[Mapping[str, Implementation]] = {
    "fd_close": _refuse,
    "fd_fdstat_set_flags": _refuse,
    "fd_fdstat_set_rights": _refuse,
    "fd_renumber": _refuse,
}
"""functions that QuickJS does not need here; their changes would outlive a run"""


class JsGuest(GuestBase):
    """The host's side of one thread's QuickJS, which it calls by its functions' names."""

    def __init__(self) -> None:
        self._process = Process()
        self._bridge = Bridge(self._process.services)
        self._functions = host_functions(self._process, _REFUSED)

    def functions(self) -> HostFunctions:
        """Return all functions of WASI preview 1."""
        return self._functions

    def respond(
        self, instance: EngineInstance, request: HttpRequest, handler: Handler, run: Run
    ) -> HttpResponse:
        stream = BodyStream.of(request, handler, run) if handler.stream else None
        texts = head_of(request, handler, streams=stream is not None)
        early: HttpResponse | None = None

        def start(js: Interpreter, entry: Entry, task: Settling) -> Result:
            nonlocal early
            values: list[int] = []
            if request.body:
                if not _is_json_text(request):
                    values.append(js.checked(js.uint8array(request.body)))
                elif len(request.body) < _SHORT_BYTES:
                    texts.append(request.body)
                else:
                    values += [js.checked(js.string(one)) for one in pieces_of(request.body)]
            functions = entry.respond, entry.finish, entry.finishLater
            found = js.answer(entry.jobs, functions, texts, values)
            if len(request.body) > _LONG_BYTES:
                for value in values:  # the handler may drop them before the run ends
                    js.free(value)
            answer = task.settle(entry.result) if found is None else task.settled(found)
            if isinstance(answer, bytes) and answer.startswith(EARLY):
                if stream is not None and answer.startswith(STREAM):
                    early = stream_head_of(answer, run)
                    self._begin(stream, early)
                else:
                    early = response_of(answer, body, run, to_head=is_head)
                    answer_early(request, handler, run, early)
                task.settle(entry.result)
            return answer

        body = CappedOutput(run, run.limits.max_response_bytes)
        is_head = request.meta.get("REQUEST_METHOD") == "HEAD"
        answer = self._entered(instance, handler, run, body, start)
        assert isinstance(answer, bytes)  # only a JSON context can wait for a deferred answer
        return response_of(answer, body, run, to_head=is_head) if early is None else early

    def evaluate(
        self, instance: EngineInstance, context: Context, handler: Handler, run: Run
    ) -> JsonValue | Waiting:
        found = read_context(context.json)
        env = to_json(dict(handler.env))
        kv = b"true" if handler.kv else b"false"
        assets = b"true" if handler.files is not None else b"false"
        parts = (found.args, found.scope, env, kv, assets)
        given = b'{"args":%b,"scope":%b,"env":%b,"kv":%b,"assets":%b}' % parts

        def start(js: Interpreter, entry: Entry, task: Settling) -> Result:
            value = js.checked(js.parse_json(given))
            js.checked(js.call(entry.evaluate, (value,)))
            if entry.script != UNDEFINED:
                promise = js.checked(js.c("JS_EvalFunction", entry.script))
                js.checked(js.call(entry.follow, (promise,)))
            return task.settle(entry.value)

        answer = self._entered(instance, handler, run, CappedOutput(run, 0), start, found)
        return _value(answer, run)

    def resume(
        self, instance: EngineInstance, resumption: Resumption, handler: Handler, run: Run
    ) -> JsonValue | Waiting:
        image, answered = resumption.waiting.image, resumption.answered
        assert isinstance(image, Image)  # made by `_waiting`

        def start(js: Interpreter, entry: Entry, task: Settling) -> Result:
            resumption.begins()
            put(instance, image)
            self._process.adopt(image.services)
            if answered is not None:
                task.run_due_timers()  # they were due before the answer came
                task.answer(answered)
            return task.settle(entry.value)

        return _value(self._entered(instance, handler, run, CappedOutput(run, 0), start), run)

    def _begin(self, stream: BodyStream, head: HttpResponse) -> None:
        """Send *head*; from now on the guest writes to *stream*."""
        stream.begin(head)
        self._process.descriptors[BODY] = self._process.stream = stream

    # ---- shared by all tasks -------------------------------------------------------------------

    def _entered(
        self,
        instance: EngineInstance,
        handler: Handler,
        run: Run,
        body: CappedOutput,
        start: Callable[[Interpreter, Entry, Settling], Result],
        context: ExecutionContext | None = None,
    ) -> bytes | Waiting:
        """Call *start* while the host serves the guest on behalf of *run*; return its answer."""
        prepared = handler.compiled.prepared
        assert prepared is not None  # set-up prepares every JavaScript handler
        entry, process = Entry._make(prepared.entry), self._process
        translate = entry.translator(prepared.snapshot) if entry.maps_bytes else None
        descriptors = self._bridge.open(run, body, translate)
        if handler.files is not None:
            descriptors[ASSETS] = Assets(handler, run)
        process.start(instance, run, _NO_PROGRAM, descriptors, context)
        run.before_stop = partial(entry.interrupt, instance, run)
        try:
            js = Interpreter(instance, entry.addresses(), run.limits.memory_bytes)
            task = Settling(js, entry, run, process, self._bridge, translate)
            result = start(js, entry, task)
            answer: bytes | Waiting
            if isinstance(result, Waits):
                answer = self._waiting(instance, prepared.snapshot, run, result.wake_s)
            else:
                answer = result
        except GuestError as error:
            # This trap ended the guest; `run.stopped` holds the actual reason, if there is one.
            if run.stopped is None:
                raise
            tell_where(run, error.stack, translate)
        finally:
            run.before_stop = None
            process.finish()
        check_stopped(run)
        return answer

    def _waiting(
        self, instance: EngineInstance, snapshot: Snapshot, run: Run, wake_s: float | None
    ) -> Waiting:
        image = take(instance, snapshot, self._process.services(), run.written())
        return Waiting(image, image.size_bytes(), wake_s)


def _is_json_text(request: HttpRequest) -> bool:
    """Return whether the body is best passed as a string: to parse it then needs fewer copies. One
    that is not UTF-8 would not come back as it is."""
    body = request.body
    if "json" not in request.meta.get("CONTENT_TYPE", "") and (
        len(body) < _LONG_BYTES or body[:64].lstrip()[:1] not in (b"[", b"{")
    ):
        return False
    try:
        return body.isascii() or bool(body.decode())
    except UnicodeDecodeError:
        return False


def _value(answer: bytes | Waiting, run: Run) -> JsonValue | Waiting:
    """Return the value in *answer*, or *answer* itself if the guest still waits."""
    return answer if isinstance(answer, Waiting) else value_of(answer, run)
