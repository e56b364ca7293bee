"""The plain values in hooks and protocols."""

from __future__ import annotations

from nexus.model import (
    DEFERRED,
    Asked,
    Command,
    Compiled,
    Context,
    Export,
    ExtensionAnswer,
    FuncType,
    Handler,
    HttpRequest,
    HttpResponse,
    Import,
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
    "Export",
    "ExtensionAnswer",
    "FuncType",
    "Handler",
    "HttpRequest",
    "HttpResponse",
    "Import",
    "JsonValue",
    "Limits",
    "ModuleInfo",
    "Outcome",
    "PoolCounts",
    "Resumption",
    "Task",
    "Usage",
]
