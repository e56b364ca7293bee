"""The instructions behind 0xFC: conversions, bulk memory and tables (core specification, 5.4)."""

from __future__ import annotations

from dataclasses import dataclass

LAST_CONVERSION = 0x07
"""0xFC 0 to 7 are the saturating conversions, which have no immediates"""


@dataclass(frozen=True)
class MiscInstruction:
    """One instruction behind 0xFC."""

    name: str
    indices: int
    """number of table and segment indices that follow"""
    memories: int = 0
    """number of memory indices that follow those"""
    grows_table: bool = False
    fills_memory: bool = False
    blocks_reset: str | None = None
    """an effect that restoring memory and globals does not undo"""


_TABLE, _SEGMENT = "changes a table", "drops a segment"

MISC = {
    0x08: MiscInstruction("memory.init", 1, 1),
    0x09: MiscInstruction("data.drop", 1, blocks_reset=_SEGMENT),
    0x0A: MiscInstruction("memory.copy", 0, 2),
    0x0B: MiscInstruction("memory.fill", 0, 1, fills_memory=True),
    0x0C: MiscInstruction("table.init", 2, blocks_reset=_TABLE),
    0x0D: MiscInstruction("elem.drop", 1, blocks_reset=_SEGMENT),
    0x0E: MiscInstruction("table.copy", 2, blocks_reset=_TABLE),
    0x0F: MiscInstruction("table.grow", 1, grows_table=True, blocks_reset=_TABLE),
    0x10: MiscInstruction("table.size", 1),
    0x11: MiscInstruction("table.fill", 1, blocks_reset=_TABLE),
}
"""Maps the number behind the prefix to the instruction"""
