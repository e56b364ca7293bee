"""One Python guest: a task in, its result out."""

from __future__ import annotations

import json
import marshal
from functools import partial
from typing import Any, Final

from nexus.errors import (
    GuestError,
    GuestTrap,
    InvalidResponse,
)
from nexus.guest.early import BodyStream, answer_early
from nexus.guest.host.context import ExecutionContext, read_context, readable
from nexus.guest.host.messages import Messages, OutboundMessages
from nexus.guest.image import Image, put, take
from nexus.guest.json_request import fields_of
from nexus.guest.json_response import response_of, stream_head_of
from nexus.guest.preview1.descriptors import Descriptor, LogOutput
from nexus.guest.preview1.exit import GuestExit
from nexus.guest.preview1.link import host_functions
from nexus.guest.preview1.preopened import ROOT, root_folder
from nexus.guest.preview1.process import Process
from nexus.guest.preview1.program import Program
from nexus.guest.python.answers import failure, flat, meta, parts, wake_s
from nexus.guest.python.channel import Input, Output
from nexus.guest.python.lasting import write_random_states
from nexus.guest.python.library import Library
from nexus.model import (
    Context,
    Handler,
    HttpRequest,
    HttpResponse,
    JsonValue,
    Resumption,
    Waiting,
)
from nexus.plugin_api.engine import TABLE_ENTRANCE, EngineInstance, HostFunctions
from nexus.plugin_api.guest import GuestBase, Run

IS_WSGI: Final = 1
DEFERS: Final = 2
"""Bits of the third number of an entry: the handler is a WSGI application; its `run` is async. The
numbers behind it are addresses, see `lasting.py`."""

_FILES: Final = "files"
"""under which an image's services keep the files that were open"""
_FLAT: Final = frozenset({"http", "wsgi", "scheduled"})
"""the kinds of heads that hold no JSON of a caller's"""
_MARSHAL_VERSION: Final = 2
"""Version 4 keeps equal objects once, and takes the guest half as long again: 29 us instead of 19
for the variables of WSGI."""
_NO_PROGRAM: Final = Program()
_WAITS: Final = b'{"waits":'


class PythonGuest(GuestBase):
    """The host's side of one thread's CPython; calls a function of the snapshot by vectorcall."""

    def __init__(self, library: Library | None = None) -> None:
        """*library*: the standard library of a build that has none inside."""
        self._process = Process()
        self._beside = None if library is None else library.folders
        self._messages = Messages(self._process.services)
        self._outbound = OutboundMessages(self._process.services)
        self._functions = host_functions(self._process)

    def functions(self) -> HostFunctions:
        """Return all functions of WASI preview 1."""
        return self._functions

    def respond(
        self, instance: EngineInstance, request: HttpRequest, handler: Handler, run: Run
    ) -> HttpResponse:
        prepared = handler.compiled.prepared
        head: dict[str, Any]
        if request.scheduled is not None:
            head = {
                "kind": "scheduled",
                "env": dict(handler.env),
                **request.scheduled._asdict(),
            }
        elif prepared is not None and prepared.entry[2] & IS_WSGI:
            head = {
                "kind": "wsgi",
                "env": dict(handler.env),
                "meta": flat(meta(request, handler).items()),
            }
        else:
            head = {"kind": "http", **fields_of(request, handler)}
        stream = BodyStream.of(request, handler, run) if handler.stream else None
        if stream is not None:
            head["stream"] = True
        limits = run.limits
        most_bytes = limits.max_header_bytes + limits.max_response_bytes
        output = self._open(instance, handler, run, head, most_bytes, body=request.body)
        is_head = request.meta.get("REQUEST_METHOD") == "HEAD"

        def answer(content: bytes | bytearray | memoryview) -> HttpResponse:
            return response_of(*parts(content), limits, to_head=is_head)

        def early(content: memoryview) -> None:
            output.content += content
            answer_early(request, handler, run, answer(content))

        write_random_states(instance, handler)
        output.early = early
        if stream is not None:
            output.head = partial(self._begin, stream, output, run)
        self._enter(instance, handler, run, output)
        return answer(output.content) if output.stream is None else output.stream.response()

    def _begin(self, stream: BodyStream, output: Output, run: Run, head: memoryview) -> None:
        """Send *head*; from now on *output* passes parts of the body on to *stream*."""
        stream.begin(stream_head_of(bytes(head), run.limits))
        output.stream = self._process.stream = stream

    def evaluate(
        self, instance: EngineInstance, context: Context, handler: Handler, run: Run
    ) -> JsonValue | Waiting:
        found = read_context(context.json)
        seen = json.loads(readable(found, context.json, run.capabilities))
        head = {"kind": "context", "env": dict(handler.env), "context": seen}
        output = self._open(
            instance, handler, run, head, run.limits.max_response_bytes, context=found
        )
        write_random_states(instance, handler)
        return self._evaluated(instance, handler, run, output)

    def resume(
        self, instance: EngineInstance, resumption: Resumption, handler: Handler, run: Run
    ) -> JsonValue | Waiting:
        image, answered = resumption.waiting.image, resumption.answered
        assert isinstance(image, Image)  # made by `_enter`
        head: dict[str, Any] = {"kind": "timers", "env": {}}
        if answered is not None:
            number, answer = answered
            head |= {"kind": "answer", "number": number, "ok": answer.ok}
            head["value"] = json.loads(answer.value)
        output = self._open(instance, handler, run, head, run.limits.max_response_bytes)
        resumption.begins()
        try:
            put(instance, image)
        except BaseException:
            self._process.finish()
            raise
        self._process.adopt(image.services)
        self._process.descriptors |= image.services.kept.get(_FILES, {})
        if answered is not None:
            image.services.questions -= 1
        return self._evaluated(instance, handler, run, output)

    # ---- shared by all tasks -------------------------------------------------------------------

    def _open(
        self,
        instance: EngineInstance,
        handler: Handler,
        run: Run,
        head: dict[str, Any],
        most_bytes: int,
        *,
        body: bytes = b"",
        context: ExecutionContext | None = None,
    ) -> Output:
        """Serve *instance* from now on; it reads *head* and *body*. Return what it will write."""
        for messages in (self._messages, self._outbound):
            messages.forget()
        # marshal takes the guest a third of the time that JSON takes, but has a lower limit of
        # depth: contexts, which come from callers, stay JSON.
        if head["kind"] in _FLAT:
            given = marshal.dumps((head, body), _MARSHAL_VERSION)
        else:
            given = json.dumps(head).encode()
        stdin = Input(given, self._messages, self._outbound)
        output = Output(run, most_bytes, self._messages, self._outbound)
        descriptors: dict[int, Descriptor] = {
            0: stdin,
            1: output,
            2: LogOutput(run),
            ROOT: root_folder(handler.files, self._beside),
        }
        self._process.start(instance, run, _NO_PROGRAM, descriptors, context)
        return output

    def _evaluated(
        self, instance: EngineInstance, handler: Handler, run: Run, output: Output
    ) -> JsonValue | Waiting:
        waiting = self._enter(instance, handler, run, output)
        if waiting is not None:
            return waiting
        try:
            value: JsonValue = json.loads(parts(output.content)[0])["value"]
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise InvalidResponse(f"the value cannot be read as JSON: {error}") from error
        return value

    def _enter(
        self, instance: EngineInstance, handler: Handler, run: Run, output: Output
    ) -> Waiting | None:
        """Call the guest's entry; return its image if it waits for extensions.

        Raises: GuestError, or the reason in `run.stopped`.
        """
        prepared, process, waiting = handler.compiled.prepared, self._process, None
        assert prepared is not None  # set-up prepares every Python handler
        index, function = prepared.entry[:2]
        try:
            instance.invoke(TABLE_ENTRANCE, index, function, 0, 0, 0)
            services = process.services()
            if services.questions and output.content.startswith(_WAITS):
                image = take(instance, prepared.snapshot, services, run.written())
                size_bytes = image.size_bytes()
                if handler.files is not None:
                    opened = process.descriptors.items()
                    services.kept[_FILES] = {fd: file for fd, file in opened if file.can_wait()}
                    size_bytes += handler.files.scratch_bytes
                waiting = Waiting(image, size_bytes, wake_s(output))
        except GuestError:
            # This trap ended the guest; `run.stopped` holds the actual reason, if there is one.
            if run.stopped is None:
                raise
        finally:
            denied = process.services().denied
            process.finish()
        stopped = run.stopped
        if isinstance(stopped, GuestExit):
            raise GuestTrap(f"exited with code {stopped.exit_code}")
        if stopped is not None:
            raise stopped
        if output.content.startswith(b'{"error":'):
            raise failure(parts(output.content)[0], denied, run)
        return waiting
