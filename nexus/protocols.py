"""The seams: what the data path sees of its parts. Each has a contract suite in `tests/`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from nexus.capabilities import Capabilities
from nexus.errors import NexusError
from nexus.model import (
    Command,
    Compiled,
    Context,
    Effects,
    ExtensionAnswer,
    FuncType,
    Handler,
    HttpRequest,
    HttpResponse,
    Limits,
    ModuleInfo,
    Outcome,
    PoolCounts,
    Resumption,
    Usage,
)


@dataclass(frozen=True)
class HostFunction:
    """A function the host offers to guests.

    *call* takes Python ints (or floats) in the signature's order and returns one, or None where
    there is no result. i32 and i64 arrive **signed** (a pointer needs `& 0xFFFFFFFF`) and must
    leave signed. It must never raise: it notes the reason on its run and returns a status
    (DESIGN fact 9).
    """

    type: FuncType
    call: Callable[..., Any]


HostFunctions: TypeAlias = Mapping[tuple[str, str], HostFunction]
"""(import module, import name) -> function"""


FUNCTION_PREFIX = "nexus.fn."
"""of exports that the rewriter adds by the names of the name section"""


class EngineInstance(Protocol):
    """One instantiated module; used only by the thread that made it."""

    def call(self, export: str) -> None:
        """Call a function that takes and returns nothing.

        Raises: GuestTrap, StackLimit or MemoryLimit for a trap. Whoever calls asks its run first
        why it stopped: a stop reason noted there wins over the trap that ended the guest.
        """
        ...

    def invoke(self, export: str, *arguments: int) -> int:
        """Call a function of i32 and i64 parameters and at most one such result.

        *arguments* and result are signed; 0 where there is no result. Raises as `call`.
        """
        ...

    def memory(self) -> memoryview:
        """The whole linear memory now, writable, as bytes. Take it anew after the guest ran:
        the guest may have grown it. It does not keep the instance alive: let go of it first.
        Empty where the module has no memory."""
        ...

    def memory_size(self) -> int:
        """Bytes of linear memory now."""
        ...

    def grow_memory(self, size_bytes: int) -> None:
        """Make the memory *size_bytes* long (whole pages, not less than now).

        Raises: MemoryLimit above its maximum.
        """
        ...

    def read_globals(self) -> tuple[Any, ...]:
        """Values of the module's `mutable_globals`, in their order."""
        ...

    def write_globals(self, values: tuple[Any, ...]) -> None: ...

    def fuel(self) -> int:
        """What is left in the metering global (negative: overdrawn)."""
        ...

    def set_fuel(self, fuel: int) -> None: ...

    def set_depth(self, frames: int) -> None:
        """Let the guest make *frames* frames at once; to be set anew before each call, since a
        trap leaves it anywhere."""
        ...


class EngineModule(Protocol):
    """A loaded module with its imports linked; used only by the thread that loaded it."""

    def instantiate(self) -> EngineInstance:
        """Make an instance (runs the start function, metered like everything).

        Raises: GuestError as `EngineInstance.call`.
        """
        ...


class Engine(Protocol):
    """Compiles in the compiler child; loads and runs in workers. One per process, thread-safe."""

    name: str
    compiler: str
    holds_gil: bool
    """whether a guest keeps the GIL while it runs, so that one at a time does"""
    fingerprint: str
    """versions and CPU features: part of the cache key"""

    def wat_to_wasm(self, text: str) -> bytes:
        """Raises: InvalidModule with the assembler's message."""
        ...

    def compile(self, wasm: bytes) -> bytes:
        """Compile to bytes that `load` takes. Only ever called in the compiler child.

        Raises: CompilationError.
        """
        ...

    def load(self, artifact: bytes, info: ModuleInfo, imports: HostFunctions) -> EngineModule:
        """Load for the calling thread. *imports* serve every instance made from it; a thread
        runs one of them at a time.

        Raises: CompilationError where the artifact is not this engine's.
        """
        ...


EngineFactory: TypeAlias = Callable[[str, Path], Engine]
"""(compiler, folder for what it keeps) -> engine; raises EngineUnavailable, saying what to install.
*compiler* is the setting: `auto` leaves the choice"""


class CpuControl(Protocol):
    """Shares the CPU out: one execution's side of it, used by its thread."""

    throttled_s: float
    """wall time spent waiting because of the handler's limit"""

    def start(self, deadline: float) -> bool:
        """Before it begins. False: *deadline* (monotonic seconds) came while it had to wait."""
        ...

    def checkpoint(self, cpu_s: float, deadline: float) -> bool:
        """It has used *cpu_s* of CPU time in all. False as above."""
        ...

    def give_way(self) -> None:
        """The host is going to wait on the guest's behalf."""
        ...

    def end(self, cpu_s: Callable[[], float]) -> None:
        """It is over; *cpu_s* says what it used in all. May be called again."""
        ...


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


class MetricsSink(Protocol):
    """Is told what happens; from any thread, and at once: the time is the request's."""

    def record(
        self, handler: Handler, usage: Usage, outcome: Outcome, error: NexusError | None
    ) -> None:
        """A run has ended; *usage* is complete and must not be kept."""
        ...

    def refuse(self, handler: str | None, error: NexusError) -> None:
        """A request came to no run; *handler* None: it was for none."""
        ...

    def cache_request(self, result: str) -> None:
        """An artifact was wanted: `hit` or `miss`; or made way for another: `eviction`."""
        ...

    def compilation(self, tier: str, seconds: float) -> None:
        """The compiler called *tier* has compiled a module."""
        ...

    def serving(self, handlers: Iterable[Handler]) -> None:
        """From now on these serve."""
        ...

    def flush(self, now: PoolCounts) -> None:
        """Send or write what was gathered; *now* is how pool and queue are. Called twice a second,
        before a scrape, and once at the end; one thread at a time."""
        ...

    def close(self) -> None:
        """There will be no more calls."""
        ...


class SuspensionSink(MetricsSink, Protocol):
    """A sink that also wants to know of suspensions; others are not told."""

    def suspension(self, outcome: str) -> None:
        """A suspension has ended: `resumed`, `expired`, `cancelled`, `shutdown`; or there was no
        room for it: `refused`."""
        ...


class RequestFilter(Protocol):
    """Sees requests for handlers, and for nothing else, on the request's thread."""

    def begin(self, handler: Handler, environ: dict[str, Any]) -> None:
        """Before admission. May change *environ*: `HTTP_*` and the other meta-variables reach the
        guest.

        Raises: NexusError (Unauthorized, PermissionDenied ...) to refuse the request.
        """
        ...

    def end(
        self,
        handler: Handler,
        environ: dict[str, Any],
        response: HttpResponse,
        outcome: Outcome,
        usage: Usage | None,
    ) -> None:
        """The response is known: in reverse order, for each filter whose `begin` returned. May add
        headers. *usage* None: it came to no run."""
        ...


class ExtensionError(Exception):
    """What an `Extension` raises for the guest to catch; the message is the guest's to see."""


class Extension(Protocol):
    """Answers `$ext.NAME.method(arguments)` in a guest; called from any thread."""

    def call(self, method: str, arguments: Any) -> Any:
        """Return a JSON value for JSON *arguments*. The run's deadline goes on meanwhile.

        Raises: ExtensionError.
        """
        ...
