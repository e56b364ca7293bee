"""The names a rewritten module and its host agree on. Guests may not use them themselves.

A rewritten module imports one function:

    nexus.checkpoint : (i64 left) -> (i64 fuel)

It is called when the fuel ran out, with what is left of it (negative: how far it is overdrawn).
It returns the fuel to go on with; a negative result ends the guest with `unreachable`. So a host
that grants slices returns `left + slice`, with a slice larger than the overdraft, and counts the
sum of what it granted; `granted - fuel` is then the exact charge so far, whatever the slices.

With `ASK_DEPTH` for an argument, no fuel is asked for but depth: how many frames deep the guest may
go. That is asked once ahead of a start function. Whoever asks later has used up what the host set,
and ends whatever the answer.

and exports, beside what the guest exports:

    nexus.fuel       mutable i64 global; 0 in a new instance, so that the first check of a start
                     function asks the host, which could not have set it yet
    nexus.depth      mutable i64 global: how many more frames may be made; set before each call
    nexus.memory     the memory, if there is one
    nexus.global.N   each mutable global of a number type that the guest defines, N its index
    nexus.fn.NAME    each function that `rewrite` was asked to export by its name-section name
    nexus.table      if it was asked for: (index, a, b, c, d) -> result, all i32, which calls the
                     function at *index* of table 0 with the other four
"""

from __future__ import annotations

from nexus.plugin_api.engine import FUNCTION_PREFIX, TABLE_ENTRANCE

CHECKPOINT_MODULE = "nexus"
CHECKPOINT_NAME = "checkpoint"
CHECKPOINT = (CHECKPOINT_MODULE, CHECKPOINT_NAME)

RESERVED_PREFIX = "nexus."
ASK_DEPTH = -(1 << 63)
"""no guest's fuel gets there"""
FUEL_EXPORT = "nexus.fuel"
DEPTH_EXPORT = "nexus.depth"
MEMORY_EXPORT = "nexus.memory"
GLOBAL_PREFIX = "nexus.global."

__all__ = [
    "CHECKPOINT",
    "CHECKPOINT_MODULE",
    "CHECKPOINT_NAME",
    "FUEL_EXPORT",
    "FUNCTION_PREFIX",
    "GLOBAL_PREFIX",
    "MEMORY_EXPORT",
    "RESERVED_PREFIX",
    "TABLE_ENTRANCE",
]
