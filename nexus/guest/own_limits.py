"""Errors for the limits of a language itself, in the same words for each language."""

from __future__ import annotations

from nexus.errors import MemoryLimit, StackLimit


def memory_limit() -> MemoryLimit:
    """Return the error for a handler for which memory is full."""
    return MemoryLimit("the handler needs more memory than it may have")


def stack_limit() -> StackLimit:
    """Return the error for a handler that calls too deep."""
    return StackLimit("the handler's calls are nested too deeply")
