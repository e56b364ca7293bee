"""Where a function body is charged, and for how much.

Code is cut into segments, each with one charge where it begins:

- at the function's entry and in each loop's head; these charges are checks too
- behind a `br_if`, which may leave; at either arm of an `if`; behind a block that branches leave
  by. Only when control gets there are they charged: else each round of an interpreter's loop
  would pay for all cases of its switch, some thousand instructions for the ten that run

Why a segment's beginning is always passed before the rest of it: control within one block only
goes forward, so behind any point all code of that block, nested blocks included, is reached
through it. A segment therefore lasts to the end of the block it begins in (or the next one's
beginning), and behind that block the segment around it goes on. It is also why the segment that
was current when another began, its parent, has been charged whenever that other one runs.

So a small segment may be left to its parent, which saves the charge and makes the parent's an
upper bound. How much a parent takes over is limited by `SLACK`.
"""

from __future__ import annotations

from nexus.wasm.costs import SLACK
from nexus.wasm.meter import Meter
from nexus.wasm.patch import Patch

CHECK = -1
"""instead of a parent: this segment's charge is also a check"""


class Charges:
    """The segments of one function body, and which of them the code being read belongs to."""

    __slots__ = ("_costs", "_parents", "_patch", "_slots", "current")

    def __init__(self, patch: Patch) -> None:
        self._patch = patch
        self._slots: list[int] = []
        self._costs: list[int] = []
        self._parents: list[int] = []
        self.current = 0

    def add(self, cost: int) -> None:
        """Count *cost* towards the current segment."""
        self._costs[self.current] += cost

    def begin(self, pos: int, parent: int) -> None:
        """Begin a segment at *pos*; *parent* is always charged before it, or is CHECK."""
        self._slots.append(self._patch.slot(pos))
        self._parents.append(parent)
        self.current = len(self._costs)
        self._costs.append(0)

    def settle(self, meter: Meter) -> int:
        """Leave small segments to their parents, and write the code for the others but the first.

        Returns the cost of the first, which the function's entry is to check.
        """
        costs, patch = self._costs, self._patch
        slack = [SLACK] * len(costs)
        # A parent has the lower index: backwards, a segment is complete when it is looked at.
        for index in range(len(costs) - 1, 0, -1):
            cost, parent = costs[index], self._parents[index]
            if parent == CHECK:
                patch.fill(self._slots[index], meter.check(cost))
            elif cost <= slack[parent]:
                costs[parent] += cost
                slack[parent] -= cost
            else:
                patch.fill(self._slots[index], meter.charge(cost))
        return costs[0]
