"""One Python guest: a task in, its result out."""

from __future__ import annotations

import json
from typing import Any, Final

from nexus.errors import GuestError, GuestTrap, InvalidResponse, MemoryLimit, StackLimit
from nexus.guest.host.context import read_context, readable
from nexus.guest.json_request import fields_of
from nexus.guest.json_response import response_of
from nexus.guest.preview1.descriptors import BytesInput, CappedOutput, LogOutput
from nexus.guest.preview1.exit import GuestExit
from nexus.guest.preview1.link import host_functions
from nexus.guest.preview1.process import Process
from nexus.guest.preview1.program import Program
from nexus.guest.wasi.cgi_request import environment
from nexus.model import Context, Handler, HttpRequest, HttpResponse, JsonValue
from nexus.plugin_api.engine import TABLE_ENTRANCE, EngineInstance, HostFunctions
from nexus.plugin_api.guest import GuestBase, Run

_NO_PROGRAM: Final = Program()
_KINDS: Final = {"MemoryError": MemoryLimit, "RecursionError": StackLimit}
"""Maps the name of a Python exception to the Nexus error with a code of its own."""


class PythonGuest(GuestBase):
    """The host's side of one thread's CPython; calls a function of the snapshot by vectorcall."""

    def __init__(self) -> None:
        self._process = Process()
        self._functions = host_functions(self._process)

    def functions(self) -> HostFunctions:
        """Return all functions of WASI preview 1."""
        return self._functions

    def respond(
        self, instance: EngineInstance, request: HttpRequest, handler: Handler, run: Run
    ) -> HttpResponse:
        prepared = handler.compiled.prepared
        if prepared is not None and prepared.entry[2]:
            head = {"kind": "wsgi", "env": dict(handler.env), "meta": _meta(request, handler)}
        else:
            head = {"kind": "http", **fields_of(request, handler)}
        limits = run.limits
        most = limits.max_header_bytes + limits.max_response_bytes
        answer, body = self._entered(instance, head, request.body, handler, run, most)
        is_head = request.meta.get("REQUEST_METHOD") == "HEAD"
        return response_of(answer, body, limits, to_head=is_head)

    def evaluate(
        self, instance: EngineInstance, context: Context, handler: Handler, run: Run
    ) -> JsonValue:
        found = read_context(context.json)
        seen = json.loads(readable(found, context.json, run.capabilities))
        given = {"kind": "context", "env": dict(handler.env), "context": seen}
        answer, _ = self._entered(instance, given, b"", handler, run, run.limits.max_response_bytes)
        try:
            value: JsonValue = json.loads(answer)["value"]
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise InvalidResponse(f"the value cannot be read as JSON: {error}") from error
        return value

    def _entered(
        self,
        instance: EngineInstance,
        head: dict[str, Any],
        content: bytes,
        handler: Handler,
        run: Run,
        most_bytes: int,
    ) -> tuple[bytes, bytes]:
        """Call the guest's entry; return the first line of its output, and the rest."""
        prepared = handler.compiled.prepared
        assert prepared is not None  # set-up prepares every Python handler
        index, function, _ = prepared.entry
        output = CappedOutput(run, most_bytes)
        stdin = BytesInput(json.dumps(head).encode() + b"\n" + content)
        descriptors = {0: stdin, 1: output, 2: LogOutput(run)}
        process = self._process
        process.start(instance, run, _NO_PROGRAM, dict(descriptors))
        try:
            instance.invoke(TABLE_ENTRANCE, index, function, 0, 0, 0)
        except GuestError:
            # This trap ended the guest; `run.stopped` holds the actual reason, if there is one.
            if run.stopped is None:
                raise
        finally:
            process.finish()
        stopped = run.stopped
        if isinstance(stopped, GuestExit):
            raise GuestTrap(f"exited with code {stopped.exit_code}")
        if stopped is not None:
            raise stopped
        line, _, body = bytes(output.content).partition(b"\n")
        if line.startswith(b'{"error":'):
            raise _failure(line, run)
        return line, body


def _meta(request: HttpRequest, handler: Handler) -> dict[str, str]:
    """Return the CGI variables for a WSGI application, with the handler's route as SCRIPT_NAME."""
    scheme = request.meta.get("wsgi.url_scheme")
    return {**environment(request, handler), "wsgi.url_scheme": str(scheme or "http")}


def _failure(line: bytes, run: Run) -> GuestError:
    """Return the error for the handler's exception, and write its traceback to the log."""
    found = json.loads(line)["error"]
    lines = found["trace"].encode("utf-8", "replace").split(b"\n")
    LogOutput(run).write(memoryview(b"".join(b"<3>%s\n" % text for text in lines)))
    error: GuestError = _KINDS.get(found["type"], GuestTrap)(found["message"])
    error.stack = found["trace"]
    return error
