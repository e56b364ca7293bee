"""The charges of a function body: where, and how much.

Code is cut into segments, each with one charge at its beginning:

- at the function's entry and in each loop's head; these charges are checks too
- behind a `br_if`, which may leave; in either arm of an `if`; behind a block that branches leave
  by. They are charged only when control gets there: otherwise each round of an interpreter's loop
  would pay for all cases of its switch, some thousand instructions for the ten that run
- behind a call, after `LONG` units of code since the last check. This lets small functions go
  without checks of their own (`entries.py`)

Control always passes a segment's beginning before the rest of it: within one block it only goes
forward, so behind any point all code of that block, nested blocks included, is reached through that
point. A segment therefore lasts to the end of its block (or the next segment's beginning), and
behind that block the segment around it continues. Likewise the segment that was current when
another began, its parent, has been charged whenever that other one runs.

So a small segment may be left to its parent, which saves the charge and makes the parent's an upper
bound. `SLACK` limits how much a parent takes over.
"""

from __future__ import annotations

from nexus.wasm.metering.costs import LONG, SLACK
from nexus.wasm.metering.counted import CountedLoop
from nexus.wasm.metering.meter import Kept, Meter
from nexus.wasm.metering.patch import Patch

CHECK = -1
"""Stands for a parent if the segment's charge is also a check"""


_KEPT, _CALLING = 1, 2


class Charges:
    """The segments of one function body, and the segment of the code being read."""

    __slots__ = (
        "_costs", "_counted", "_flags", "_kept", "_lefts", "_loops", "_parents", "_patch",
        "_payers", "_slots", "current", "left", "total",
    )  # fmt: skip

    def __init__(self, patch: Patch) -> None:
        self._patch = patch
        self._slots: list[int] = []
        self._costs: list[int] = []
        self._parents: list[int] = []
        self._lefts: list[int | None] = []
        self._payers: list[int] = []
        self._flags = bytearray()
        self._loops: dict[int, bytes] = {}
        self._counted: dict[int, CountedLoop] = {}
        self._kept: dict[int, Kept] = {}
        self.current = 0
        self.left: int | None = None
        """the local that mirrors the fuel, if the code being read is in a loop"""
        self.total = 0
        """cost of the code read so far, whatever part of it runs"""

    def add(self, cost: int) -> None:
        """Count *cost* towards the current segment."""
        self._costs[self.current] += cost
        self.total += cost

    def begin_loop(self, head: int, type_: bytes) -> None:
        """Begin the segment of a loop of the block type *type_*."""
        self.begin(head, CHECK)
        self._loops[self.current] = type_

    def begin(self, pos: int, parent: int) -> None:
        """Begin a segment at *pos*; *parent* is always charged before it, or is CHECK."""
        self._slots.append(self._patch.slot(pos))
        self._parents.append(parent)
        self._lefts.append(self.left)
        self.current = len(self._costs)
        self._costs.append(0)
        self._flags.append(0)

    def count_loop(self, segment: int, loop: CountedLoop) -> None:
        """Charge the loop of *segment* for many rounds at once."""
        self._counted[segment] = loop

    @property
    def has_checks(self) -> bool:
        """True if there are checks besides the entry's."""
        return CHECK in self._parents[1:]

    def keep(self, segment: int) -> None:
        """Do not leave *segment* to its parent."""
        self._flags[segment] |= _KEPT

    def has_calls(self, loop: int) -> None:
        """Record that there are calls within the loop of the segment *loop*."""
        self._flags[loop] |= _CALLING

    def keeps(self, loop: int, locals: Kept) -> None:
        """Record the *locals* that the loop of the segment *loop*, without calls, needs."""
        self._kept[loop] = locals

    def settle(self) -> int:
        """Leave small segments to their parents; return the cost of the first segment."""
        costs, parents = self._costs, self._parents
        slack = [SLACK] * len(costs)
        self._payers = list(range(len(costs)))
        # A parent has the lower index: going backwards, each visited segment is complete.
        for index in range(len(costs) - 1, 0, -1):
            cost, parent = costs[index], parents[index]
            if parent != CHECK and not self._flags[index] & _KEPT and cost <= slack[parent]:
                costs[parent] += cost
                slack[parent] -= cost
                costs[index] = 0
                self._payers[index] = parent
        return costs[0]

    def pay(self, segment: int, cost: int) -> None:
        """After `settle`, add *cost* to *segment*, or to the segment that took it over."""
        while self._payers[segment] != segment:
            segment = self._payers[segment]
        self._costs[segment] += cost

    def write(self, meter: Meter) -> int:
        """Write the code of all segments but the first, whose cost is returned."""
        for index in range(1, len(self._costs)):
            self._patch.fill(self._slots[index], self._code(index, meter))
        return self._costs[0]

    def _code(self, index: int, meter: Meter) -> bytes:
        cost, left = self._costs[index], self._lefts[index]
        if index in self._loops:
            assert left is not None
            kept = self._kept.get(index, ())
            if index in self._counted:
                return self._counted_code(self._counted[index], cost, meter, left, kept)
            inner = b"\x03" + self._loops[index]
            if self._flags[index] & _CALLING or meter.in_place:
                return inner + meter.check(cost, left, kept)
            return meter.repair(left, kept) + inner + meter.leave_if_negative(cost, left)
        if self._parents[index] == CHECK or cost > LONG:
            return meter.check(cost, left)
        return meter.charge(cost, left)

    def _counted_code(
        self, loop: CountedLoop, cost: int, meter: Meter, left: int, kept: Kept
    ) -> bytes:
        for exit in loop.exits:
            self._patch.fill(exit.slot, loop.leave(exit, cost, meter, left))
        return loop.check(cost, meter, left, kept)
