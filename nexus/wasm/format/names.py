"""The names shared by a rewritten module and its host. Guests may not use them.

A rewritten module imports one function:

    nexus.checkpoint : (i64 left) -> (i64 fuel)

The module calls it when the fuel has run out, with the fuel left (negative: the overdraft). It
returns the fuel to continue with; a negative result ends the guest with `unreachable`. So a host
that grants slices returns `left + slice`, with a slice larger than the overdraft, and adds up what
it granted; `granted - fuel` is then the exact charge so far, whatever the slices.

The argument `ASK_DEPTH` asks for depth instead of fuel: how many frames deep the guest may go. The
module asks once ahead of a start function. Any later question means that the depth set by the host
is used up, and the guest ends whatever the answer.

If the host provides the memory, so that another instance can use it again, a second import follows:

    nexus.memory : the memory, with the limits of the guest's own

and exports, besides the guest's own exports:

    nexus.fuel       mutable i64 global; 0 in a new instance, so the first check of a start function
                     asks the host, which could not set it before
    nexus.depth      mutable i64 global: how many more frames are allowed; set before each call
    nexus.memory     the memory, if there is one
    nexus.global.N   each mutable global of a number type that the guest defines, N its index
    nexus.fn.NAME    each function that `rewrite` must export by its name-section name
    nexus.table      if requested: (index, a, b, c, d) -> result, all i32, which calls the function
                     at *index* of table 0 with the other four
"""

from __future__ import annotations

from nexus.plugin_api.engine import FUNCTION_PREFIX, TABLE_ENTRANCE

CHECKPOINT_MODULE = "nexus"
CHECKPOINT_NAME = "checkpoint"
CHECKPOINT = (CHECKPOINT_MODULE, CHECKPOINT_NAME)

MEMORY_MODULE, MEMORY_NAME = MEMORY = ("nexus", "memory")

RESERVED_PREFIX = "nexus."
ASK_DEPTH = -(1 << 63)
"""A value that no guest's fuel can reach"""
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
    "MEMORY",
    "MEMORY_EXPORT",
    "MEMORY_MODULE",
    "MEMORY_NAME",
    "RESERVED_PREFIX",
    "TABLE_ENTRANCE",
]
