"""A handler as it is served: manifest, limits and compiled module."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from nexus.model.outcome import Isolation
from nexus.model.wasm import ModuleInfo


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


class MemoryImage(Protocol):
    """A file with a snapshot's memory, to be mapped."""

    fd: int
    view: memoryview
    """the whole of it, read-only"""


@dataclass(frozen=True, eq=False)
class Snapshot:
    """The state an instance starts from and is reset to: independent of engine and thread."""

    memory: bytes | memoryview
    """the whole linear memory"""
    globals: tuple[Any, ...]
    """values of the module's `mutable_globals`, in their order"""
    image: MemoryImage | None = None
    """*memory* as a file that instances can map; None: it is copied"""


@dataclass(frozen=True, eq=False)
class Compiled:
    """A compiled module: the same bytes for every worker and thread."""

    key: str
    """names all that an instance starts from; instances and snapshots go by it"""
    artifact: bytes
    """what the engine's `load` takes; trusted, so only ever from our own compiler child"""
    info: ModuleInfo
    abi: str
    """name of the guest ABI"""
    prepared: Prepared | None = None
    """where instances start from; None: where instantiation leaves them"""
    tier: str = ""
    """name of the compiler whose code it is"""
    is_new: bool = False
    """whether it was made just now, not found in the cache"""

    @property
    def loaded_as(self) -> str:
        """What a thread's loaded module goes by."""
        return self.key if self.prepared is None else self.prepared.runtime.key


@dataclass(frozen=True, eq=False)
class Prepared:
    """Where instances of a handler in a language runtime start: the runtime has loaded it."""

    snapshot: Snapshot
    entry: tuple[int, ...]
    """what the guest ABI needs to enter *snapshot*: addresses and values in its memory"""
    runtime: Compiled = field(repr=False)
    """whose artifact the handler has too; kept for other handlers to have the same"""


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
    args: tuple[str, ...] = ()
    """a WASI guest's arguments, after its name"""
    args_from_query: bool = False
    """whether a request's query adds to them: then clients choose options of the program"""
    cpu: CpuAllocation = CpuAllocation()
