"""The code at functions' entries and calls.

Fuel. A function checks it at its entry, except two kinds, which only charge there, or whose callers
charge:

- a *small leaf*: no loops, only calls of the host, at most `LONG` units of code
- a *small recursive* function: at most `LONG` units of code and `_FEW_SITES` calls, all of them
  into its own cycle and each with a check before it (in a loop, the loop's head has one)

Neither kind enters a function of its own kind, so behind a call at most `LONG` more units are
unchecked, and a caller checks every `LONG` units of its own. Returning through many frames adds a
bounded amount too: each returns into at most `LONG` units of a small recursive function, or into a
checked function.

Depth. A global holds the number of frames still allowed whenever a counted function may be called.
A counted function subtracts its frame into a local on entry, and sets the global from it before
each such call; it never restores the global, which would be a chain of loads and stores through
memory as long as the run. Other callers of a counted function save the global in a local, and
restore it behind the call. So the global is never above the true number.
"""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from enum import Enum, auto

from nexus.wasm.metering.call_graph import CallGraph
from nexus.wasm.metering.costs import LONG
from nexus.wasm.metering.draft import I64, CallSite, Draft
from nexus.wasm.metering.meter import Meter

_FEW_SITES = 2
"""Most calls of a small recursive function; each has a check, in place of the entry's"""


class Entry(Enum):
    """The kind of a function's entry."""

    CHECKED = auto()
    COUNTED = auto()
    """checks fuel and depth"""
    LEAF = auto()
    RECURSIVE = auto()
    """counts frames, but checks where it calls"""


class Entries:
    """Decides on the entries of a module's functions, and writes their code."""

    def __init__(
        self, drafts: Sequence[Draft], graph: CallGraph, entered: AbstractSet[int], meter: Meter
    ) -> None:
        """*entered*: the functions entered not only by direct calls."""
        self._drafts, self._graph, self._meter = drafts, graph, meter
        self._kinds = [self._kind(place, draft) for place, draft in enumerate(drafts)]
        self._paid = [
            kind in (Entry.LEAF, Entry.RECURSIVE) and place not in entered
            for place, kind in enumerate(self._kinds)
        ]
        """whether callers of a function pay for its first segment"""
        for draft in drafts:
            for site in draft.sites:
                if self._is_paid(site):
                    draft.charges.keep(site.segment)
        self._costs = [draft.charges.settle() for draft in drafts]

    def body(self, place: int) -> bytes:
        """Return the finished body of the function at *place*."""
        draft = self._drafts[place]
        for site in draft.sites:
            if self._is_paid(site):
                draft.charges.pay(site.segment, self._costs[site.target])
        self._write_sites(place, draft)
        cost = draft.charges.write(self._meter)
        if self._paid[place]:
            cost -= self._costs[place]
        return draft.finish(self._entry(self._kinds[place], cost, draft))

    def calls_itself(self, place: int) -> bool:
        """Return whether the function at *place* is a small recursive one that calls itself."""
        return (
            self._kinds[place] is Entry.RECURSIVE and place in self._drafts[place].calls.functions
        )

    def _kind(self, place: int, draft: Draft) -> Entry:
        counted, small = place in self._graph.counted, draft.charges.total <= LONG
        if not counted:
            has_loops = draft.charges.has_checks
            return Entry.LEAF if small and not draft.sites and not has_loops else Entry.CHECKED
        component = self._graph.component
        recursive = (
            small
            and len(draft.sites) <= _FEW_SITES
            and not draft.calls.types
            and all(component[to] == component[place] for to in draft.calls.functions)
        )
        return Entry.RECURSIVE if recursive else Entry.COUNTED

    def _entry(self, kind: Entry, cost: int, draft: Draft) -> bytes:
        meter = self._meter
        if kind is Entry.CHECKED:
            return meter.check(cost, kept=() if draft.sites else draft.params)
        if kind is Entry.LEAF:
            return meter.charge(cost)
        own = draft.local(I64, "own")
        begin = meter.charge(cost)
        if kind is Entry.COUNTED:
            return begin + meter.count_frame(own) + meter.check_frame(own, fuel=True)
        return begin if len(_points(draft)) == 1 else begin + meter.count_frame(own)

    def _is_paid(self, site: CallSite) -> bool:
        return not site.indirect and self._paid[site.target]

    def _write_sites(self, place: int, draft: Draft) -> None:
        patch = draft.patch
        for site in draft.sites:
            before, after = self._around(place, draft, site)
            if site.left is not None:
                after += self._meter.take_left(site.left)
            patch.fill(site.before, before)
            patch.fill(site.after, after)
        if self._kinds[place] is Entry.RECURSIVE:
            own, points = draft.local(I64, "own"), _points(draft)
            for slot, first in points.items():
                check = self._meter.check_frame(own, fuel=first.ahead is None)
                if len(points) == 1:  # the first call, so that runs without one do not pay
                    check = self._meter.count_frame(own) + check
                if first.ahead is None:
                    check += self._meter.pass_depth(own)
                patch.fill(slot, check)

    def _around(self, place: int, draft: Draft, site: CallSite) -> tuple[bytes, bytes]:
        """Return the code for the depth ahead of a call and behind it."""
        graph, meter = self._graph, self._meter
        node = site.target + len(self._drafts) if site.indirect else site.target
        if place in graph.counted:
            passes = graph.reaches_counted[node]
            return (meter.pass_depth(draft.local(I64, "own")) if passes else b""), b""
        if not graph.enters_counted[node]:
            return b"", b""
        own = draft.local(I64, "own")
        return meter.keep_depth(own), meter.pass_depth(own)


def _points(draft: Draft) -> dict[int, CallSite]:
    """Return the slots where a small recursive function must check, each with a call it is for.

    A check goes ahead of loops, once for all rounds, as a frame's depth does not change; otherwise
    ahead of a segment's first call in each block. One call's check does not serve other blocks: a
    branch may leave the first call's block, and the code around continue in the segment.
    """
    found: dict[int, CallSite] = {}
    checked: set[tuple[int, int]] = set()
    for site in draft.sites:
        if site.ahead is not None:
            found.setdefault(site.ahead, site)
        elif (site.segment, site.block) not in checked:
            checked.add((site.segment, site.block))
            found[site.before] = site
    return found
