"""How a request ended; how instances are isolated, and their states."""

from __future__ import annotations

from enum import Enum


class Outcome(str, Enum):
    """The way a request ended: one word, the same in logs, metrics and `X-Nexus-Outcome`."""

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
    """The treatment of an instance between two requests."""

    RESET = "reset"
    """Memory and mutable globals go back to the snapshot taken after initialisation."""
    FRESH = "fresh"
    """Every request gets a new instance."""
    REUSE = "reuse"
    """The instance keeps its state: for trusted handlers that cache."""


class State(str, Enum):
    """The state of a `WasmInstance`."""

    IDLE = "idle"
    EXECUTING = "executing"
    SUSPENDED = "suspended"
    TERMINATED = "terminated"
