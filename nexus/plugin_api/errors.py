"""The errors that a plugin may raise or receive."""

from __future__ import annotations

from nexus.errors import (
    AdmissionError,
    CompilationError,
    ConfigError,
    DeadlineExceeded,
    EngineUnavailable,
    GuestError,
    GuestTrap,
    HandlerNotFound,
    InvalidArgument,
    InvalidHandler,
    MemoryLimit,
    NexusError,
    Overloaded,
    PermissionDenied,
    StackLimit,
    Unauthorized,
)

__all__ = [
    "AdmissionError",
    "CompilationError",
    "ConfigError",
    "DeadlineExceeded",
    "EngineUnavailable",
    "GuestError",
    "GuestTrap",
    "HandlerNotFound",
    "InvalidArgument",
    "InvalidHandler",
    "MemoryLimit",
    "NexusError",
    "Overloaded",
    "PermissionDenied",
    "StackLimit",
    "Unauthorized",
]
