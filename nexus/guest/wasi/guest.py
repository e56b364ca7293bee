"""One WASI guest: a task in, its result out."""

from __future__ import annotations

from nexus.errors import GuestError, GuestTrap
from nexus.guest.early import BodyStream
from nexus.guest.host import imports
from nexus.guest.host.context import ExecutionContext, read_context, readable
from nexus.guest.preview1.descriptors import (
    BytesInput,
    CallInput,
    CallOutput,
    CappedOutput,
    Descriptor,
    LogOutput,
)
from nexus.guest.preview1.exit import GuestExit
from nexus.guest.preview1.link import host_functions
from nexus.guest.preview1.preopened import ROOT, command_folders, root_folder
from nexus.guest.preview1.process import Process
from nexus.guest.preview1.program import CommandProgram, ContextProgram, Program
from nexus.guest.wasi.cgi_request import CgiProgram
from nexus.guest.wasi.cgi_response import parse_response
from nexus.guest.wasi.context import parse_value
from nexus.guest.wasi.streamed import StreamedOutput
from nexus.model import Command, Context, Handler, HttpRequest, HttpResponse, JsonValue
from nexus.plugin_api.engine import EngineInstance, HostFunctions
from nexus.plugin_api.guest import GuestBase, Run


class WasiGuest(GuestBase):
    """The host's side of one thread's WASI module.

    A command's result is its exit code. In a request or a JSON context, any exit code but zero
    raises GuestTrap, whatever the guest wrote before: half an answer must not pass for a whole one.
    """

    def __init__(self) -> None:
        self._process = Process()
        self._functions = {
            **host_functions(self._process),
            **imports.host_functions(self._process),
        }

    def functions(self) -> HostFunctions:
        """Return all functions of WASI preview 1, and those of the module `nexus`."""
        return self._functions

    def respond(
        self, instance: EngineInstance, request: HttpRequest, handler: Handler, run: Run
    ) -> HttpResponse:
        limits = run.limits
        most_bytes = limits.max_header_bytes + limits.max_response_bytes
        stream = BodyStream.of(request, handler, run) if handler.stream else None
        if stream is None:
            stdout = CappedOutput(run, most_bytes)
        else:
            stdout = StreamedOutput(run, most_bytes, stream, self._process)
        stdin = BytesInput(request.body)
        self._call_for_output(instance, run, handler, CgiProgram(request, handler), stdin, stdout)
        if stream is not None and stream.head is not None:
            return stream.head
        if request.scheduled is not None and not stdout.content:
            return HttpResponse(204, [], b"")  # the caller, a schedule, expects no body
        head = request.meta.get("REQUEST_METHOD") == "HEAD"
        return parse_response(stdout.content, limits, to_head=head)

    def evaluate(
        self, instance: EngineInstance, context: Context, handler: Handler, run: Run
    ) -> JsonValue:
        stdout = CappedOutput(run, run.limits.max_response_bytes)
        found = read_context(context.json)
        stdin = BytesInput(readable(found, context.json, run.capabilities))
        program = ContextProgram(handler)
        self._call_for_output(instance, run, handler, program, stdin, stdout, found)
        return parse_value(stdout.content)

    def execute(
        self, instance: EngineInstance, command: Command, handler: Handler, run: Run
    ) -> int:
        descriptors: dict[int, Descriptor] = {
            0: CallInput(command.read_stdin),
            1: CallOutput(command.write_stdout),
            2: CallOutput(command.write_stderr),
            **command_folders(command.folders),
        }
        return self._call(instance, run, CommandProgram(command), descriptors)

    def _call_for_output(
        self,
        instance: EngineInstance,
        run: Run,
        handler: Handler,
        program: Program,
        stdin: BytesInput,
        stdout: CappedOutput,
        context: ExecutionContext | None = None,
    ) -> None:
        descriptors: dict[int, Descriptor] = {0: stdin, 1: stdout, 2: LogOutput(run)}
        if handler.files is not None:
            descriptors[ROOT] = root_folder(handler.files)
        exit_code = self._call(instance, run, program, descriptors, context)
        if exit_code != 0:
            raise GuestTrap(f"exited with code {exit_code}")

    def _call(
        self,
        instance: EngineInstance,
        run: Run,
        program: Program,
        descriptors: dict[int, Descriptor],
        context: ExecutionContext | None = None,
    ) -> int:
        """Call the entry point and return the exit code."""
        self._process.start(instance, run, program, descriptors, context)
        try:
            instance.call("_start")
        except GuestError:
            # This trap ended the guest; `run.stopped` holds the actual reason, if there is one.
            if run.stopped is None:
                raise
        finally:
            self._process.finish()
        stopped = run.stopped
        if stopped is None:
            return 0
        if isinstance(stopped, GuestExit):
            return stopped.exit_code
        cause = stopped.__cause__
        if isinstance(cause, (KeyboardInterrupt, SystemExit)):
            raise cause  # it arrived during a host call, which must not raise
        raise stopped
