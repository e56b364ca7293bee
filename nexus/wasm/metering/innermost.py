"""Finds out whether the innermost loop counts (`counted.py`), while a function body is read."""

from __future__ import annotations

from typing import NamedTuple

from nexus.wasm.metering.counted import Exit
from nexus.wasm.metering.draft import I32, Draft
from nexus.wasm.metering.loop_shape import recognize

_NOP = b"\x01"


class _Candidate(NamedTuple):
    """A loop that may turn out to count."""

    head: int
    segment: int
    total: int
    """cost of the code ahead of it"""
    exits: list[Exit]


class InnermostLoop:
    """The innermost loop of one body, as long as it may count."""

    def __init__(self, data: bytes, draft: Draft) -> None:
        self._data, self._draft = data, draft
        self._candidate: _Candidate | None = None

    @property
    def may_count(self) -> bool:
        """Return whether the rewriter is reading such a loop."""
        return self._candidate is not None

    def begin(self, head: int) -> None:
        """Begin a loop whose body is at *head*, and that passes no values."""
        charges = self._draft.charges
        self._candidate = _Candidate(head, charges.current, charges.total, [])

    def drop(self) -> None:
        """Note that the loop does not count: it calls, repeats elsewhere, or has ended."""
        self._candidate = None

    def leave(self, slot: int, label: int | None, *, conditional: bool) -> None:
        """Note a branch out of the loop, at *slot* of the patch; *label* None: a return."""
        if self._candidate is not None:
            self._candidate.exits.append(Exit(slot, label, conditional))

    def count(self, pos: int) -> bytes | None:
        """Find out whether the loop, with its last branch at *pos*, counts. If so, make two of it,
        and return the code behind the `end` of the inner one."""
        found, self._candidate = self._candidate, None
        shape = recognize(self._data, found.head, pos) if found else None
        if found is None or shape is None or (found.exits and not shape.constant):
            return None
        draft, charges = self._draft, self._draft.charges
        locals = (draft.local(I32, "rounds"), draft.local(I32, "goal"))
        loop = shape.loop(charges.total - found.total, tuple(found.exits), *locals)
        *bounds, last = shape.cuts
        for cut in bounds:
            draft.patch.replace(*cut, _NOP)
        draft.patch.replace(*last, loop.inner)
        charges.count_loop(found.segment, loop)
        return loop.tail
