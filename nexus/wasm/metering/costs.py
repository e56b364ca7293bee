"""What each instruction costs, in units of fuel.

One unit is about the time of one simple instruction, a tenth to half of a nanosecond. Most
instructions cost 1. What only shapes the control flow costs nothing: a loop that goes round has
a branch, a call has its callee's entry check. The table is part of what a cached artifact
depends on: raise `REWRITER_VERSION` with every change.

A charge is taken before the instructions it covers, for all of them: an upper bound of what runs,
the same on every engine and in every run. `charges.py` tells what a charge covers.
"""

from __future__ import annotations

ENTRY = 1
"""of any function"""
CALL = 4
CALL_INDIRECT = 8
HOST_CALL = 100
"""a call of an imported function; 0.1 µs with wasmer, 1.6 µs with wasmtime-py"""

FREE_VALUES = 8
"""how many parameters and results a block or function may have that cost nothing; each further one
costs 1. A `br` moves them all: shifting a thousand by one took 500 times as long as it cost"""

SLACK = 32
"""how much a charge may exceed the cost of its own segment, for small ones that may not run.
QuickJS was charged 2.0 times what it ran, in 1.47 times its unmetered time; with a slack of 8,
1.2 times in 1.54; of 64, 2.7 times in 1.6 (wasmtime 50)"""

LONG = 1000
"""how much code may lie between a check and a call without a check in between, and how much a
charge may take without being a check"""
CHUNK = 1 << 13
"""how much the rounds of a loop may cost that are charged at once: some microseconds"""

MEMORY_SHIFT = -4
"""memory.fill, memory.copy, memory.init cost `bytes >> 4` on top"""
TABLE_SHIFT = 2
"""table.fill, table.copy, table.init, table.grow cost `elements << 2` on top"""
PAGE_SHIFT = 12
"""memory.grow costs `pages << 12` on top: to write a page by memory.fill costs as much"""


def _table() -> bytes:
    costs = bytearray([1]) * 256
    free = (0x01, 0x02, 0x03, 0x05, 0x0B, 0x1A)  # nop block loop else end drop
    division = (*range(0x6D, 0x71), *range(0x7F, 0x83))  # i32, i64: div_s div_u rem_s rem_u
    roots_and_quotients = (0x91, 0x95, 0x9F, 0xA3)  # f32.sqrt f32.div f64.sqrt f64.div
    for opcode in free:
        costs[opcode] = 0
    for opcode in (*division, *roots_and_quotients):
        costs[opcode] = 8
    costs[0x0E] = 2  # br_table
    costs[0x25] = costs[0x26] = 4  # table.get table.set: calls into the engine
    costs[0x3F] = 4  # memory.size
    costs[0x40] = 64  # memory.grow: mprotect
    costs[0xFC] = 4  # saturating conversions; bulk instructions before their length counts
    return bytes(costs)


def values_cost(count: int) -> int:
    """What it costs to pass *count* values into a block, or out of it or a function."""
    return max(0, count - FREE_VALUES)


COSTS = _table()
"""cost by first opcode byte; for calls, `CALL`, `CALL_INDIRECT` or `HOST_CALL` come on top"""
