"""The additional cost of bulk instructions, by their length.

`memory.fill` and its kin run for as long as an operand says, so that is charged before they run. A
grow beyond the maximum that the rewriter set fails at once, and is charged like a grow to the
maximum.
"""

from __future__ import annotations

from nexus.wasm.metering.costs import MEMORY_SHIFT, TABLE_SHIFT

LENGTH_SHIFTS = {
    0x08: MEMORY_SHIFT,  # memory.init
    0x0A: MEMORY_SHIFT,  # memory.copy
    0x0B: MEMORY_SHIFT,  # memory.fill
    0x0C: TABLE_SHIFT,  # table.init
    0x0E: TABLE_SHIFT,  # table.copy
    0x0F: TABLE_SHIFT,  # table.grow
    0x11: TABLE_SHIFT,  # table.fill
}
"""Maps the number behind 0xFC to a shift: the fuel is `operand << shift`, or `operand >> -shift`.
The cost of any other instruction does not depend on a length."""
