"""The interface of a guest, the host's side of a loaded module, and of a run as guests see it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol, TypeAlias

from nexus.errors import InvalidArgument, NexusError
from nexus.model import (
    Command,
    Compiled,
    Context,
    Deferred,
    Effects,
    ExtensionAnswer,
    Handler,
    HttpRequest,
    HttpResponse,
    JsonValue,
    Limits,
    OutboundFailure,
    OutboundOutcome,
    OutboundRequest,
    Resumption,
    Usage,
    Waiting,
)
from nexus.plugin_api.capabilities import Capabilities
from nexus.plugin_api.engine import EngineInstance, HostFunctions
from nexus.plugin_api.filters import CallObserver
from nexus.plugin_api.stores import Entry


class Outbound(Protocol):
    """The outbound HTTP requests of one run; only the guest's own thread may use them."""

    observer: CallObserver | None
    """sees each request; None: no plugin does"""

    @property
    def pending(self) -> int:
        """The number of requests whose outcome `wait` has not returned."""
        ...

    def start(self, request: OutboundRequest) -> int | OutboundFailure:
        """Send *request* in the background; return its number, or why it cannot be sent."""
        ...

    def wait(self, timeout_s: float | None) -> tuple[int, OutboundOutcome] | None:
        """Wait until a request has ended; return its number and its outcome. None: none of them
        has within *timeout_s*, before the run's deadline."""
        ...

    def read(self, number: int) -> bool:
        """Ask for the next part of a body, which `wait` returns; return False if the answer of
        this number has no more to read."""
        ...

    def cancel(self, number: int) -> None:
        """Drop the request of this number; `wait` will not return it. Ignore another number."""
        ...

    def send_now(self) -> None:
        """Send a request that is held because the guest may wait for it next."""
        ...

    def at_checkpoint(self) -> None:
        """Do so if the guest works instead."""
        ...

    def close(self) -> None:
        """Drop all requests: the run has ended."""
        ...


class KeyValueDenied(Exception):
    """The handler's manifest does not grant the namespace, or not to write it."""


class Listed(NamedTuple):
    """A part of a namespace's keys, in order."""

    entries: Sequence[Entry]
    cursor: str
    """for the call that returns the next part; empty if there is none"""


class KeyValue(Protocol):
    """The key-value calls of one run; only the guest's own thread may use them.

    *namespace* is an entry's name in the manifest's `kv`. Every method raises KeyValueDenied, a
    StoreError, or ValueError for what cannot be a key, a value or a time.
    """

    observer: CallObserver | None
    """sees each operation; None: no plugin does"""

    def get(self, namespace: str, key: str) -> bytes | None:
        """Return the value of *key*; None: there is no such key."""
        ...

    def put(self, namespace: str, key: str, value: bytes, ttl_ms: int | None) -> None:
        """Set *key* to *value*, to expire after *ttl_ms*; None: never."""
        ...

    def delete(self, namespace: str, key: str) -> None:
        """Delete *key*, if it exists."""
        ...

    def list(self, namespace: str, prefix: str, cursor: str, most: int) -> Listed:
        """Return up to *most* keys that begin with *prefix*, from *cursor* on."""
        ...

    def increment(self, namespace: str, key: str, by: int, ttl_ms: int | None) -> int:
        """Add *by* to the number that *key* holds, or to 0; return the sum."""
        ...

    def compare_and_set(
        self,
        namespace: str,
        key: str,
        expected: bytes | None,
        value: bytes | None,
        ttl_ms: int | None,
    ) -> bool:
        """Set *key* to *value* if it holds *expected*; return whether it did. None: no such key."""
        ...


class Run(Protocol):
    """One execution under way, as host functions and the watchdog see it."""

    execution_id: str
    limits: Limits
    deadline: float
    """absolute, `time.monotonic()` seconds"""
    usage: Usage
    stderr: bytearray
    """what the guest wrote to stderr, for the log; up to `limits.max_stderr_bytes`"""
    outbound: Outbound | None
    """None: the handler's manifest grants no host"""
    key_value: KeyValue | None
    """None: the handler's manifest grants no namespace"""
    stopped: NexusError | None
    """why the guest must not continue; the first reason wins"""
    before_stop: Callable[[int], bool] | None
    """Called on the guest's own thread, with a count from 0, at the checkpoint that would end it
    and at those after it, up to some milliseconds. As long as it returns True, the guest goes on,
    to say where it was; host functions do nothing for it any more. None: it ends at once."""

    @property
    def capabilities(self) -> Capabilities:
        """The capabilities that the handler's manifest grants."""
        ...

    @property
    def effects(self) -> Effects:
        """The effects that the guest has asked for so far."""
        ...

    def call_extension(
        self, name: str, method: str, arguments: bytes
    ) -> ExtensionAnswer | Deferred | None:
        """Call *method* of the extension *name* with JSON *arguments*, and wait for the answer.
        None: `stopped` is set, return at once. `Deferred`: the answer comes later, with a
        `Resumption`; only guests of an ABI that `can_defer` get this. Only the guest's own thread
        may call this."""
        ...

    def outside(self) -> AbstractContextManager[None]:
        """On the guest's own thread: let others run for the length of a `with` block, in which the
        host waits for the network on the guest's behalf."""
        ...

    def give_way(self) -> None:
        """On the guest's own thread: let others run, as the host is about to block."""
        ...

    def written(self) -> list[tuple[int, int]] | None:
        """On the guest's own thread: return where its linear memory may differ from the snapshot,
        as (start, end) in bytes; memory beyond the snapshot's length may differ, too. None: it
        may differ anywhere."""
        ...

    def stop(self, reason: NexusError) -> None:
        """On the guest's own thread: end this run at the next checkpoint.

        Until then the guest may still call host functions; they see that `stopped` is set and do
        nothing.
        """
        ...


class Guest(Protocol):
    """The host's side of one thread's loaded module. `GuestBase` has methods that refuse.

    Its functions serve the instance it was last called with. All methods raise GuestError, or the
    error in `run.stopped` when the guest has ended.
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
    ) -> JsonValue | Waiting:
        """Return the handler's answer to *context*; `Waiting` if the run answered `Deferred` and
        the guest can do no more until an answer comes or a timer is due."""
        ...

    def resume(
        self, instance: EngineInstance, resumption: Resumption, handler: Handler, run: Run
    ) -> JsonValue | Waiting:
        """Continue a guest that waits; return as `evaluate` does."""
        ...

    def execute(
        self, instance: EngineInstance, command: Command, handler: Handler, run: Run
    ) -> int:
        """Run a command line and return its exit code."""
        ...


class GuestBase:
    """Refuses every task; a guest overrides the tasks that it can do."""

    def respond(
        self, instance: EngineInstance, request: HttpRequest, handler: Handler, run: Run
    ) -> HttpResponse:
        raise InvalidArgument(f"{handler.name} does not take HTTP requests")

    def evaluate(
        self, instance: EngineInstance, context: Context, handler: Handler, run: Run
    ) -> JsonValue | Waiting:
        raise InvalidArgument(f"{handler.name} does not take JSON contexts")

    def resume(
        self, instance: EngineInstance, resumption: Resumption, handler: Handler, run: Run
    ) -> JsonValue | Waiting:
        raise InvalidArgument(
            f"{handler.name} waits on its stack: it has no image to continue from"
        )

    def execute(
        self, instance: EngineInstance, command: Command, handler: Handler, run: Run
    ) -> int:
        raise InvalidArgument(f"{handler.name} takes requests and contexts, not a command line")


GuestFactory: TypeAlias = Callable[[Compiled], Guest]
