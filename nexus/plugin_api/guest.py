"""What a guest ABI is: how a task reaches a guest, and what its host functions see of the run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeAlias

from nexus.errors import NexusError
from nexus.model import (
    Command,
    Compiled,
    Context,
    Effects,
    ExtensionAnswer,
    Handler,
    HttpRequest,
    Limits,
    Resumption,
    Usage,
)
from nexus.plugin_api.capabilities import Capabilities
from nexus.plugin_api.engine import EngineInstance, HostFunctions


class Run(Protocol):
    """One execution under way, as host functions and the watchdog see it."""

    execution_id: str
    limits: Limits
    deadline: float
    """absolute, `time.monotonic()` seconds"""
    usage: Usage
    stderr: bytearray
    """what the guest wrote to stderr, for the log; at most `limits.max_stderr_bytes`"""
    stopped: NexusError | None
    """why the guest must not go on; the first reason wins"""

    @property
    def capabilities(self) -> Capabilities:
        """What the handler's manifest grants."""
        ...

    @property
    def effects(self) -> Effects:
        """What the guest asked of others so far."""
        ...

    def call_extension(self, name: str, method: str, arguments: bytes) -> ExtensionAnswer | None:
        """From the guest's own thread: call *method* of the extension *name* with JSON
        *arguments*, and wait for the answer. None: `stopped` is set, return at once. `DEFERRED`:
        the answer comes later, as a `Resumption`."""
        ...

    def give_way(self) -> None:
        """From the guest's own thread: the host is going to wait on the guest's behalf."""
        ...

    def stop(self, reason: NexusError) -> None:
        """From the guest's own thread: end this run at the next checkpoint.

        Until then the guest may still call host functions; they find `stopped` set and do
        nothing.
        """
        ...


Task: TypeAlias = HttpRequest | Context | Command | Resumption


class Guest(Protocol):
    """The host's side of one guest ABI, for one thread's loaded module.

    Its functions serve whichever instance `perform` was last called with.
    """

    def functions(self) -> HostFunctions: ...

    def perform(self, instance: EngineInstance, task: Task, handler: Handler, run: Run) -> Any:
        """Run *task* to its result: HttpRequest -> HttpResponse, Context -> JSON value,
        Command -> exit code. Where the run answered `DEFERRED` and nothing else is left to do,
        Context and Resumption -> Asked.

        Raises: GuestError, or whatever `run.stopped` holds when the guest has ended.
        """
        ...


GuestFactory: TypeAlias = Callable[[Compiled], Guest]
