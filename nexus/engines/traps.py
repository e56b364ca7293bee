"""One vocabulary for traps: every engine's words become the same error and message."""

from __future__ import annotations

from nexus.errors import GuestError, GuestTrap, StackLimit

STACK = "call stack exhausted"

TRAPS = frozenset(
    {
        "unreachable",
        "out of bounds memory access",
        "out of bounds table access",
        "uninitialized element",
        "indirect call type mismatch",
        "integer overflow",
        "integer divide by zero",
        "invalid conversion to integer",
        STACK,
    }
)
"""The official test suite's names for the traps of the core specification (section 4.4).

Its "undefined element", an indirect call past the table's end, is "out of bounds table access"
here: both engines give the two the same code.
"""


def guest_error(trap: str) -> GuestError:
    """Return the error for a trap of this name (one of `TRAPS`, or an engine's own words)."""
    return StackLimit(STACK) if trap == STACK else GuestTrap(trap)
