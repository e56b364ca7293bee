"""Plain values that every part of Nexus shares. No behaviour, no imports of other parts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final


class Outcome(str, Enum):
    """How a request ended: one word, the same in logs, metrics and `X-Nexus-Outcome`."""

    OK = "ok"
    TRAP = "trap"
    TIMEOUT = "timeout"
    CPU_LIMIT = "cpu_limit"
    MEMORY_LIMIT = "memory_limit"
    STACK_LIMIT = "stack_limit"
    RESOURCE_LIMIT = "resource_limit"
    INVALID_RESPONSE = "invalid_response"
    PERMISSION_DENIED = "permission_denied"
    CANCELLED = "cancelled"
    REJECTED = "rejected"
    NOT_FOUND = "not_found"
    INVALID_HANDLER = "invalid_handler"
    ERROR = "error"


class Isolation(str, Enum):
    """What an instance is between two requests."""

    RESET = "reset"
    """Memory and mutable globals go back to the snapshot taken after initialisation."""
    FRESH = "fresh"
    """A new instance for every request."""
    REUSE = "reuse"
    """The instance keeps its state: for trusted handlers that cache."""


class State(str, Enum):
    """Life of a `WasmInstance`."""

    IDLE = "idle"
    EXECUTING = "executing"
    SUSPENDED = "suspended"
    TERMINATED = "terminated"


# ---- WebAssembly, as far as others need to know it -------------------------------------------


@dataclass(frozen=True)
class FuncType:
    """A function signature in the text format's type names (`i32`, `i64`, `f32`, `f64`, `v128`,
    `funcref`, `externref`)."""

    params: tuple[str, ...] = ()
    results: tuple[str, ...] = ()


@dataclass(frozen=True)
class Import:
    """One import as the guest declared it (ours is not listed). *type* only for functions."""

    module: str
    name: str
    kind: str
    """`func`, `table`, `memory` or `global`"""
    type: FuncType | None = None


@dataclass(frozen=True)
class Export:
    """One export as the guest declared it (ours are not listed). *type* only for functions."""

    name: str
    kind: str
    type: FuncType | None = None


@dataclass(frozen=True)
class MutableGlobal:
    """A mutable global the rewriter exported so that a reset can restore it."""

    export: str
    """reserved export name, `nexus.global.N`"""
    type: str


@dataclass(frozen=True)
class ModuleInfo:
    """What is known of a rewritten module; travels as JSON with its artifact."""

    imports: tuple[Import, ...]
    exports: tuple[Export, ...]
    memory_min_pages: int
    """0 where the module has no memory"""
    memory_max_pages: int
    """after clamping"""
    has_memory: bool
    mutable_globals: tuple[MutableGlobal, ...]
    reset_blocker: str | None
    """why restoring memory and globals would not restore everything; None if it would"""
    has_start: bool
    functions: int
    """functions defined in the module"""
    frame_bytes: int
    """native stack that a call may take at most"""
    uncounted_frames: int
    """how many more frames there may be than were counted"""


# ---- what runs -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Limits:
    """What one execution may use. Times in seconds, sizes in bytes."""

    timeout_s: float = 5.0
    cpu_timeout_s: float = 5.0
    memory_bytes: int = 32 << 20
    max_host_calls: int = 1000
    max_request_bytes: int = 10 << 20
    max_response_bytes: int = 10 << 20
    max_header_bytes: int = 64 << 10
    max_stderr_bytes: int = 64 << 10
    stack_bytes: int = 1 << 20
    """native stack"""
    max_effects: int = 1000
    """state mutations, events and view commands together"""
    max_effect_bytes: int = 1 << 20
    """of all of them as JSON; also of one value that goes to or from an extension"""


@dataclass(frozen=True, eq=False)
class Snapshot:
    """The state an instance starts from and is reset to: independent of engine and thread."""

    memory: bytes
    """the whole linear memory"""
    globals: tuple[Any, ...]
    """values of the module's `mutable_globals`, in their order"""


@dataclass(frozen=True, eq=False)
class Compiled:
    """A compiled module: the same bytes for every worker and thread."""

    key: str
    """names all that an instance starts from; instances and snapshots go by it"""
    artifact: bytes
    """what the engine's `load` takes; trusted, so only ever from our own compiler child"""
    info: ModuleInfo
    abi: str
    """`wasi`, `js`"""
    module_key: str = ""
    """names the module alone, where several share one (a language runtime); empty: as *key*"""
    snapshot: Snapshot | None = None
    """where instances start from; None: where instantiation leaves them"""
    tier: str = ""
    """name of the compiler whose code it is"""
    is_new: bool = False
    """whether it was made just now, not found in the cache"""
    entry: tuple[int, ...] = ()
    """what the guest ABI needs to enter *snapshot*: addresses and values in its memory"""
    runtime: Compiled | None = field(default=None, repr=False)
    """the language runtime whose artifact this has too; kept for other handlers to have the same"""

    @property
    def loaded_as(self) -> str:
        """What a thread's loaded module goes by."""
        return self.module_key or self.key


@dataclass(frozen=True)
class CpuAllocation:
    """A handler's `cpu` table, in cores."""

    request_cores: float = 0.1
    """its weight where handlers compete"""
    limit_cores: float | None = None
    """the most it may use, over all workers of a pod; None: no limit of its own"""


@dataclass(frozen=True, eq=False)
class Handler:
    """One handler as it is served: manifest, limits and compiled module."""

    name: str
    route: str
    compiled: Compiled
    methods: frozenset[str] = frozenset()
    """empty: all methods"""
    limits: Limits = Limits()
    isolation: Isolation = Isolation.RESET
    max_concurrency: int = 0
    """0: no limit of its own"""
    priority: int = 5
    """0 to 9, the higher first, where the scheduling policy asks for it"""
    capabilities: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    cpu: CpuAllocation = CpuAllocation()


class Usage:
    """What one execution used; filled in as it goes, true also when it failed.

    The defaults belong to the class: one is made for every request, and most stay as they are.
    """

    duration_s: float = 0.0
    cpu_s: float = 0.0
    queue_s: float = 0.0
    throttled_s: float = 0.0
    """wall time spent waiting because of the handler's `cpu.limit`"""
    acquire_s: float = 0.0
    acquired_at: float = 0.0
    """when it had its instance and began to execute, monotonic seconds; 0: it never did"""
    memory_used_bytes: int = 0
    memory_peak_bytes: int = 0
    host_calls: int = 0
    instructions: int = 0
    overshoot_s: float = -1.0
    """how late after its deadline a cancelled execution ended; negative: it was not cancelled"""

    def __init__(self) -> None:
        self.calls: dict[str, int] = {}
        """host calls by the function's name"""


class Effects:
    """What one execution asks of others: pure data, for whoever started it to carry out."""

    __slots__ = ("count", "events", "size_bytes", "state_mutations", "view_commands")

    def __init__(self) -> None:
        self.state_mutations: list[dict[str, Any]] = []
        self.events: list[dict[str, Any]] = []
        self.view_commands: list[dict[str, Any]] = []
        self.count = 0
        """of all there ever were, taken ones too"""
        self.size_bytes = 0
        """of all there ever were, as JSON"""

    def take(self) -> Effects:
        """Return what is new since the last time."""
        new = Effects()
        new.state_mutations, self.state_mutations = self.state_mutations, []
        new.events, self.events = self.events, []
        new.view_commands, self.view_commands = self.view_commands, []
        return new


@dataclass(frozen=True)
class ExtensionAnswer:
    """What an extension answers to a guest's call."""

    ok: bool
    value: bytes
    """JSON; where it is not *ok*, a JSON string with the error's message"""


DEFERRED: Final = ExtensionAnswer(False, b'"deferred"')
"""stands in for an answer that is yet to come: the guest is to ask for others first, and then come
back to the host (`Asked`). Only guests get it that can"""


@dataclass(frozen=True)
class ExecutionResult:
    """How an execution with a JSON context ended, or where it stands."""

    status: str
    """`success`, `error` or `suspended`"""
    return_value: Any = None
    """a JSON value, of a success"""
    state_mutations: Sequence[Mapping[str, Any]] = ()
    events: Sequence[Mapping[str, Any]] = ()
    view_commands: Sequence[Mapping[str, Any]] = ()
    suspension: Mapping[str, Any] | None = None
    """`id`, `extension`, `method`, `arguments`, `expires_at`, of one that is suspended"""
    error: Mapping[str, str] | None = None
    """`code` and `message`, of an error"""
    metrics: Mapping[str, Any] | None = None
    """None: it never began"""

    def to_json(self) -> dict[str, Any]:
        """The result as the runtime API gives it (DESIGN section 6)."""
        return {
            "status": self.status,
            "return_value": self.return_value,
            "state_mutations": list(self.state_mutations),
            "events": list(self.events),
            "view_commands": list(self.view_commands),
            "suspension": self.suspension,
            "error": self.error,
            "metrics": self.metrics,
        }


@dataclass(frozen=True, slots=True)
class SuspensionInfo:
    """One suspended execution, for those who may resume it."""

    id: str
    handler: str
    execution_id: str
    extension: str
    method: str
    arguments: Any
    """a JSON value"""
    suspended_at: float
    expires_at: float
    """seconds since the epoch, both"""


@dataclass(frozen=True, slots=True)
class PoolCounts:
    """How pool and queue of one worker are at one moment."""

    active: int = 0
    available: int = 0
    suspended: int = 0
    waiting: int = 0
    created: int = 0
    """instances made since the start"""
    limit: int = 0
    """requests that may run at once"""


# ---- tasks: what a guest can be asked to do ---------------------------------------------------


@dataclass(slots=True)
class HttpRequest:
    """An HTTP request for `Guest.perform`, which answers with an `HttpResponse`."""

    meta: Mapping[str, Any]
    """CGI/1.1 meta-variables (RFC 3875 section 4.1), of which a WSGI environ is a superset:
    what is not a `str`, or not a name of that section, is not for the guest"""
    body: bytes = b""


@dataclass(slots=True)
class HttpResponse:
    status: int
    headers: list[tuple[str, str]]
    """without Content-Length, Connection and other hop-by-hop fields"""
    body: bytes
    reason: str = ""
    """reason phrase; empty: the usual one for the status"""


@dataclass(slots=True)
class Context:
    """A JSON context for `Guest.perform`, which answers with a Python JSON value."""

    json: bytes


@dataclass(frozen=True, slots=True)
class Asked:
    """What `Guest.perform` returns where the guest waits for an extension, with nothing of it left
    on the stack."""

    extension: str
    method: str
    arguments: bytes
    image: Any
    """all there is of the guest; its ABI alone knows how to go on from it"""
    size_bytes: int
    """of *image*"""


@dataclass(frozen=True, slots=True)
class Resumption:
    """The task to go on from where a guest asked, with the answer; on any instance of its module
    that is in the state of the snapshot."""

    asked: Asked
    answer: ExtensionAnswer
    begins: Callable[[], None]
    """to be called when the guest is about to go on"""


@dataclass(slots=True)
class Command:
    """A command line for `Guest.perform`, which answers with the exit code."""

    args: tuple[str, ...]
    env: Mapping[str, str]
    read_stdin: Callable[[int], bytes]
    """up to n bytes; empty at the end"""
    write_stdout: Callable[[bytes], None]
    write_stderr: Callable[[bytes], None]
