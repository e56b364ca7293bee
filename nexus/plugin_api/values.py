"""The plain values in hooks and protocols."""

from __future__ import annotations

from nexus.model import (
    DEFERRED,
    Asked,
    Command,
    Compiled,
    Context,
    ExtensionAnswer,
    FuncType,
    Handler,
    HttpRequest,
    HttpResponse,
    JsonValue,
    Limits,
    ModuleInfo,
    Outcome,
    PoolCounts,
    Resumption,
    Task,
    Usage,
)

__all__ = [
    "DEFERRED",
    "Asked",
    "Command",
    "Compiled",
    "Context",
    "ExtensionAnswer",
    "FuncType",
    "Handler",
    "HttpRequest",
    "HttpResponse",
    "JsonValue",
    "Limits",
    "ModuleInfo",
    "Outcome",
    "PoolCounts",
    "Resumption",
    "Task",
    "Usage",
]
