"""Plain values that every part of Nexus shares. They import no other parts and have no behaviour,
except that `file_state.py` reads files.

outcome.py   how a request ended; how instances are isolated, and their states
wasm.py      modules: signatures, imports, exports, and facts about a rewritten module
handler.py   limits, snapshots, compiled modules, handlers
tasks.py     the tasks of guests, and their answers
client.py    the client of a request, for guests that answer before they end
results.py   the result and the effects of an execution with a JSON context
file_state.py  whether a file is still the one that was read
outbound.py  outbound HTTP: a request of a guest, and how it ends
schedule.py  a due time of a schedule, and what became of it
usage.py     what an execution used; pool and queue at one moment
"""

from nexus.model.client import Client, Sender
from nexus.model.handler import (
    Compiled,
    CpuAllocation,
    Files,
    Handler,
    Limits,
    MemoryImage,
    Mount,
    Prepared,
    Snapshot,
    Split,
)
from nexus.model.outbound import (
    FailureKind,
    OutboundFailure,
    OutboundOutcome,
    OutboundPart,
    OutboundRecord,
    OutboundRequest,
    OutboundResponse,
)
from nexus.model.outcome import Isolation, Outcome, State
from nexus.model.results import Deferred, Effects, ExecutionResult, ExtensionAnswer, SuspensionInfo
from nexus.model.schedule import Scheduled, ScheduledRun
from nexus.model.tasks import (
    Answered,
    Command,
    Context,
    HttpRequest,
    HttpResponse,
    JsonValue,
    MountedFolder,
    Resumption,
    Task,
    Waiting,
)
from nexus.model.usage import KeyValueUse, PoolCounts, Usage
from nexus.model.wasm import Export, FuncType, Import, ModuleInfo, MutableGlobal

__all__ = [
    "Answered",
    "Client",
    "Command",
    "Compiled",
    "Context",
    "CpuAllocation",
    "Deferred",
    "Effects",
    "ExecutionResult",
    "Export",
    "ExtensionAnswer",
    "FailureKind",
    "Files",
    "FuncType",
    "Handler",
    "HttpRequest",
    "HttpResponse",
    "Import",
    "Isolation",
    "JsonValue",
    "KeyValueUse",
    "Limits",
    "MemoryImage",
    "ModuleInfo",
    "Mount",
    "MountedFolder",
    "MutableGlobal",
    "OutboundFailure",
    "OutboundOutcome",
    "OutboundPart",
    "OutboundRecord",
    "OutboundRequest",
    "OutboundResponse",
    "Outcome",
    "PoolCounts",
    "Prepared",
    "Resumption",
    "Scheduled",
    "ScheduledRun",
    "Sender",
    "Snapshot",
    "Split",
    "State",
    "SuspensionInfo",
    "Task",
    "Usage",
    "Waiting",
]
