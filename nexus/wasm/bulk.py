"""The instructions behind 0xFC: conversions, bulk memory and tables (core specification, 5.4).

`memory.fill` and its kin run as long as an operand says, so they are charged by it before they
run. A grow beyond the maximum the rewriter set fails at once, whatever it asks for, and is
charged as one up to the maximum.
"""

from __future__ import annotations

from dataclasses import dataclass

from nexus.wasm.costs import MEMORY_SHIFT, TABLE_SHIFT

LAST_CONVERSION = 0x07
"""0xFC 0 to 7 are the saturating conversions, without immediates"""


@dataclass(frozen=True)
class MiscInstruction:
    """One instruction behind 0xFC."""

    name: str
    indices: int
    """how many indices of tables and segments follow"""
    memories: int = 0
    """how many memory indices follow those"""
    shift: int | None = None
    """fuel by length is `operand << shift`, or `operand >> -shift`; None: not by length"""
    grows_table: bool = False
    blocks_reset: str | None = None
    """what restoring memory and globals would not undo"""


_TABLE, _SEGMENT = "changes a table", "drops a segment"

MISC = {
    0x08: MiscInstruction("memory.init", 1, 1, shift=MEMORY_SHIFT),
    0x09: MiscInstruction("data.drop", 1, blocks_reset=_SEGMENT),
    0x0A: MiscInstruction("memory.copy", 0, 2, shift=MEMORY_SHIFT),
    0x0B: MiscInstruction("memory.fill", 0, 1, shift=MEMORY_SHIFT),
    0x0C: MiscInstruction("table.init", 2, shift=TABLE_SHIFT, blocks_reset=_TABLE),
    0x0D: MiscInstruction("elem.drop", 1, blocks_reset=_SEGMENT),
    0x0E: MiscInstruction("table.copy", 2, shift=TABLE_SHIFT, blocks_reset=_TABLE),
    0x0F: MiscInstruction(
        "table.grow", 1, shift=TABLE_SHIFT, grows_table=True, blocks_reset=_TABLE
    ),
    0x10: MiscInstruction("table.size", 1),
    0x11: MiscInstruction("table.fill", 1, shift=TABLE_SHIFT, blocks_reset=_TABLE),
}
"""by the number behind the prefix"""
