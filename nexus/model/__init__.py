"""Plain values that every part of Nexus shares. No behaviour, no imports of other parts.

outcome.py   how a request ended; what an instance is between two requests
wasm.py      modules: signatures, imports, exports, what is known of a rewritten one
handler.py   limits, snapshots, compiled modules, handlers
tasks.py     what a guest can be asked to do, and what it answers
results.py   what an execution with a JSON context comes to
usage.py     what an execution used; pool and queue at one moment
"""

from nexus.model.handler import (
    Compiled,
    CpuAllocation,
    Handler,
    Limits,
    MemoryImage,
    Prepared,
    Snapshot,
)
from nexus.model.outcome import Isolation, Outcome, State
from nexus.model.results import DEFERRED, Effects, ExecutionResult, ExtensionAnswer, SuspensionInfo
from nexus.model.tasks import (
    Asked,
    Command,
    Context,
    HttpRequest,
    HttpResponse,
    JsonValue,
    Resumption,
    Task,
)
from nexus.model.usage import PoolCounts, Usage
from nexus.model.wasm import Export, FuncType, Import, ModuleInfo, MutableGlobal

__all__ = [
    "DEFERRED",
    "Asked",
    "Command",
    "Compiled",
    "Context",
    "CpuAllocation",
    "Effects",
    "ExecutionResult",
    "Export",
    "ExtensionAnswer",
    "FuncType",
    "Handler",
    "HttpRequest",
    "HttpResponse",
    "Import",
    "Isolation",
    "JsonValue",
    "Limits",
    "MemoryImage",
    "ModuleInfo",
    "MutableGlobal",
    "Outcome",
    "PoolCounts",
    "Prepared",
    "Resumption",
    "Snapshot",
    "State",
    "SuspensionInfo",
    "Task",
    "Usage",
]
