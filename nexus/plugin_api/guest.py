"""What a guest is: the host's side of a loaded module, and what its host functions see of a run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias

from nexus.errors import InvalidArgument, NexusError
from nexus.model import (
    Asked,
    Command,
    Compiled,
    Context,
    Effects,
    ExtensionAnswer,
    Handler,
    HttpRequest,
    HttpResponse,
    JsonValue,
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

    def written(self) -> list[tuple[int, int]] | None:
        """From the guest's own thread: return where its linear memory may differ from the snapshot,
        as (start, end) in bytes; what lies beyond the snapshot's length may differ, too. None: it
        may differ anywhere."""
        ...

    def stop(self, reason: NexusError) -> None:
        """From the guest's own thread: end this run at the next checkpoint.

        Until then the guest may still call host functions; they find `stopped` set and do
        nothing.
        """
        ...


class Guest(Protocol):
    """The host's side of one thread's loaded module. `GuestBase` refuses what a guest does not do.

    Its functions serve whichever instance it was last called with. All methods raise GuestError, or
    whatever `run.stopped` holds when the guest has ended.
    """

    def functions(self) -> HostFunctions:
        """Return the functions that the module may import."""
        ...

    def respond(
        self, instance: EngineInstance, request: HttpRequest, handler: Handler, run: Run
    ) -> HttpResponse:
        """Answer *request*."""
        ...

    def evaluate(
        self, instance: EngineInstance, context: Context, handler: Handler, run: Run
    ) -> JsonValue | Asked:
        """Return what the handler makes of *context*; `Asked` where the run answered `DEFERRED` and
        nothing else is left to do."""
        ...

    def resume(
        self, instance: EngineInstance, resumption: Resumption, handler: Handler, run: Run
    ) -> JsonValue | Asked:
        """Go on from where a guest asked; returns what `evaluate` does."""
        ...

    def execute(
        self, instance: EngineInstance, command: Command, handler: Handler, run: Run
    ) -> int:
        """Run a command line and return its exit code."""
        ...


class GuestBase:
    """Refuses every task; a guest overrides what it can do."""

    def respond(
        self, instance: EngineInstance, request: HttpRequest, handler: Handler, run: Run
    ) -> HttpResponse:
        raise InvalidArgument(f"{handler.name} takes no HTTP requests")

    def evaluate(
        self, instance: EngineInstance, context: Context, handler: Handler, run: Run
    ) -> JsonValue | Asked:
        raise InvalidArgument(f"{handler.name} takes no JSON contexts")

    def resume(
        self, instance: EngineInstance, resumption: Resumption, handler: Handler, run: Run
    ) -> JsonValue | Asked:
        raise InvalidArgument(f"{handler.name} waits on its stack, which no image has")

    def execute(
        self, instance: EngineInstance, command: Command, handler: Handler, run: Run
    ) -> int:
        raise InvalidArgument(f"{handler.name} takes requests and contexts, no command line")


GuestFactory: TypeAlias = Callable[[Compiled], Guest]
