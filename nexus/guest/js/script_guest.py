"""What both ways to run a JavaScript guest have in common: its tasks, and their results' form."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from nexus.errors import InvalidArgument
from nexus.guest.host.context import ExecutionContext, read_context
from nexus.guest.js.bridge import Bridge
from nexus.guest.js.request import head_of
from nexus.guest.js.response import response_of
from nexus.guest.wasi.descriptors import CappedOutput
from nexus.guest.wasi.link import Implementation, host_functions
from nexus.guest.wasi.process import Process
from nexus.model import Context, Handler, HttpRequest
from nexus.plugin_api.engine import EngineInstance, HostFunctions
from nexus.plugin_api.guest import Run, Task


class ScriptGuest(ABC):
    """The host's side of one thread's QuickJS; see `nexus.plugin_api.guest.Guest`."""

    def __init__(self, instead: Mapping[str, Implementation]) -> None:
        """*instead*: WASI functions that are not the usual ones."""
        self._process = Process()
        self._bridge = Bridge(self._process.services)
        self._functions = host_functions(self._process, instead)

    def functions(self) -> HostFunctions:
        """Return all functions of WASI preview 1."""
        return self._functions

    def perform(self, instance: EngineInstance, task: Task, handler: Handler, run: Run) -> Any:
        """Run *task* to its result: HttpRequest -> HttpResponse, Context -> JSON value.

        Raises: GuestError, or whatever `run.stopped` holds when the guest has ended;
            InvalidArgument for a command line, which JavaScript does not have.
        """
        if isinstance(task, HttpRequest):
            body = CappedOutput(run, run.limits.max_response_bytes)
            head = head_of(task, handler)
            answer = self._respond(instance, handler, run, head, task.body, body)
            is_head = task.meta.get("REQUEST_METHOD") == "HEAD"
            return response_of(answer, body.content, run.limits, to_head=is_head)
        if isinstance(task, Context):
            found = read_context(task.json)
            given = b'{"args":%b,"scope":%b}' % (found.args, found.scope)
            return self._evaluate(instance, handler, run, given, found)
        raise InvalidArgument("a JavaScript handler takes requests and contexts, no command line")

    @abstractmethod
    def _respond(
        self,
        instance: EngineInstance,
        handler: Handler,
        run: Run,
        head: bytes,
        content: bytes,
        body: CappedOutput,
    ) -> bytes:
        """The response as JSON, its body written to *body*; *head* is JSON, *content* what came
        with it."""

    @abstractmethod
    def _evaluate(
        self,
        instance: EngineInstance,
        handler: Handler,
        run: Run,
        given: bytes,
        context: ExecutionContext,
    ) -> Any:
        """The value, or what it waits for; *given* is what the handler sees of *context*."""
