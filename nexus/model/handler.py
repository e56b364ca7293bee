"""A handler as it is served: manifest, limits and compiled module."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from nexus.model.outcome import Isolation
from nexus.model.wasm import ModuleInfo


@dataclass(frozen=True)
class Limits:
    """The limits of one execution. Times in seconds, sizes in bytes."""

    timeout_s: float = 5.0
    cpu_timeout_s: float = 5.0
    memory_bytes: int = 32 << 20
    max_host_calls: int = 10_000
    max_request_bytes: int = 10 << 20
    max_response_bytes: int = 10 << 20
    max_header_bytes: int = 64 << 10
    max_stderr_bytes: int = 64 << 10
    stack_bytes: int = 1 << 20
    """native stack"""
    max_effects: int = 1000
    """state mutations, events and view commands together"""
    max_effect_bytes: int = 1 << 20
    """size of all effects as JSON; also limits one value to or from an extension"""


class MemoryImage(Protocol):
    """A snapshot's memory in files, which instances map."""

    view: memoryview
    """the whole memory, read-only"""

    def map_at(self, address: int, size: int) -> None:
        """Map it over *size* bytes at *address*, which is its size. Raises: OSError."""
        ...


@dataclass(frozen=True, eq=False)
class Snapshot:
    """The state an instance starts from and is reset to: independent of engine and thread."""

    memory: bytes | memoryview
    """the whole linear memory"""
    globals: tuple[Any, ...]
    """values of the module's `mutable_globals`, in their order"""
    image: MemoryImage | None = None
    """a file with *memory* for instances to map; None: they copy it"""


@dataclass(frozen=True, eq=False)
class Compiled:
    """A compiled module: its code and its facts, shared by all threads of a worker."""

    key: str
    """identifies everything an instance starts from; looks up instances and snapshots"""
    artifact: bytes
    """input for the engine's `load`; trusted, so it must come from our own compiler child"""
    info: ModuleInfo
    abi: str
    """name of the guest ABI"""
    prepared: Prepared | None = None
    """where instances start; None: at the state after instantiation"""
    tier: str = ""
    """name of the compiler that made the code"""
    is_new: bool = False
    """whether it was made just now, not read from the cache"""

    @property
    def loaded_as(self) -> str:
        """The key of the loaded module that a thread uses for it."""
        return self.key if self.prepared is None else self.prepared.runtime.key


@dataclass(frozen=True, eq=False)
class Prepared:
    """The start of a handler's instances in a language runtime that has loaded the handler."""

    snapshot: Snapshot
    entry: tuple[int, ...]
    """what the guest ABI needs to enter *snapshot*: addresses and values in its memory"""
    runtime: Compiled = field(repr=False)
    """the runtime, whose artifact the handler uses too; kept so that handlers share it"""


@dataclass(frozen=True)
class CpuAllocation:
    """A handler's `cpu` table, in cores."""

    request_cores: float = 0.1
    """weight among competing handlers"""
    limit_cores: float | None = None
    """the most CPU it may use, over all workers of a pod; None: no limit of its own"""


@dataclass(frozen=True)
class Mount:
    """A read-only folder that a handler's guest sees."""

    at: str
    """its absolute path in the guest"""
    base: Path
    """the folder of the handler's file; nothing outside it is ever read"""
    path: str
    """below *base*"""


@dataclass(frozen=True)
class Files:
    """The files that a handler's guest sees."""

    mounts: tuple[Mount, ...] = ()
    scratch_bytes: int = 0
    """size of its `/tmp`; 0: there is none"""


class Split(Protocol):
    """Several versions of one handler that share its requests."""

    @property
    def versions(self) -> Sequence[Handler]:
        """The versions, the one that gets most requests first."""
        ...

    def choose(self, environ: Mapping[str, Any]) -> Handler:
        """Return the version that runs a request; an empty *environ*: a run without a request."""
        ...


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
    """0 to 9, the highest first, if the scheduling policy uses priorities"""
    capabilities: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    """the guest's environment: the manifest's `env`, and its secrets"""
    secrets: tuple[str, ...] = ()
    """names in `env` whose values nobody but the guest may see"""
    args: tuple[str, ...] = ()
    """a WASI guest's arguments, after its name"""
    args_from_query: bool = False
    """whether a request's query adds to them: then clients choose options of the program"""
    strip_prefix: bool = False
    """whether the URL that a guest in JavaScript or Python sees begins below the route"""
    stream: bool = False
    """whether the body of an answer leaves as the guest writes it"""
    cpu: CpuAllocation = CpuAllocation()
    version: str = ""
    """id of its deployed version; empty for a file of the handlers folder"""
    http: tuple[str, ...] = ()
    """hosts that it may call (`nexus.outbound.grants`)"""
    kv: tuple[str, ...] = ()
    """namespaces that it may use (`nexus.stores.grants`)"""
    schedule: tuple[str, ...] = ()
    """cron entries at which it is called (`nexus.schedules.cron`)"""
    files: Files | None = None
    """None: it has no files"""
    static: Mount | None = None
    """the folder of a handler without a program, whose files are its answers"""
    description: str = ""
    input_schema: Mapping[str, Any] | None = field(default=None, repr=False)
    """JSON Schema of its arguments, for clients; the handler checks them itself"""
    weight: int = 100
    """how many of a hundred requests of its name it gets"""
    split: Split | None = None
    """chooses among the versions that share its requests; None: it gets them all"""
    counted_as: str = field(init=False, default="")
    """what metrics add it up under: its name, followed by NUL and its version if it has shares"""

    def __post_init__(self) -> None:
        # Made once, so that counting a run looks at nothing more where no version shares.
        shares = self.version if self.weight < 100 else ""
        object.__setattr__(self, "counted_as", f"{self.name}\0{shares}" if shares else self.name)
