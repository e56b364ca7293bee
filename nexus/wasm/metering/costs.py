"""The cost of each instruction, in units of fuel.

One unit is about the time of one simple instruction, a tenth to half of a nanosecond. Most
instructions cost 1. Pure control flow costs nothing: a loop's repetition has a branch, and a call
has its callee's entry check. Cached artifacts depend on the table: raise `REWRITER_VERSION` with
every change.

A charge is taken before the instructions it covers, for all of them: an upper bound of what runs,
the same on every engine and in every run. `charges.py` explains what a charge covers.
"""

from __future__ import annotations

ENTRY = 1
"""Cost of entering a function"""
CALL = 4
CALL_INDIRECT = 8
HOST_CALL = 100
"""Cost of calling an imported function; it takes 0.1 µs with wasmer, 1.6 µs with wasmtime-py"""

FREE_VALUES = 8
"""Parameters and results of a block or function that cost nothing; each further one costs 1. A `br`
moves them all: shifting a thousand by one took 500 times as long as it cost"""

SLACK = 32
"""The most that a charge may exceed its own segment's cost, for small segments that may not run.
QuickJS was charged 2.0 times what it ran, in 1.47 times its unmetered time; with a slack of 8,
1.2 times in 1.54; of 64, 2.7 times in 1.6 (wasmtime 50)"""

LONG = 1000
"""The most code between a check and a call without a check in between, and the largest charge that
is not a check"""
CHUNK = 1 << 13
"""The most that loop rounds charged at once may cost: some microseconds"""

MEMORY_SHIFT = -4
"""memory.fill, memory.copy, memory.init cost `bytes >> 4` more"""
TABLE_SHIFT = 2
"""table.fill, table.copy, table.init, table.grow cost `elements << 2` more"""
PAGE_SHIFT = 12
"""memory.grow costs `pages << 12` more, as much as writing the pages by memory.fill"""


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
    """Return the cost of passing *count* values into a block, or out of a block or function."""
    return max(0, count - FREE_VALUES)


COSTS = _table()
"""Cost by first opcode byte; calls add `CALL`, `CALL_INDIRECT` or `HOST_CALL`"""
