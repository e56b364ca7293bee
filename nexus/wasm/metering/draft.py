"""A function body that was read, and where code of ours is still to be put."""

from __future__ import annotations

from typing import NamedTuple

from nexus.wasm.format.leb128 import encode_unsigned
from nexus.wasm.metering.call_graph import Calls
from nexus.wasm.metering.charges import Charges
from nexus.wasm.metering.patch import Patch

I32, I64 = 0x7F, 0x7E

EXTRA_LOCALS = 5
"""of ours, at most: left, own, rounds, goal, length"""


class CallSite(NamedTuple):
    """A call of a function of the guest's."""

    before: int
    """slot ahead of the call, its arguments on the stack"""
    after: int
    """slot behind it, its results on the stack"""
    target: int
    """a function, or a type if *indirect*, by its place"""
    indirect: bool
    segment: int
    """of code that it is in"""
    block: int
    """innermost one that it is in, by number"""
    left: int | None
    """the local that mirrors the fuel, in a loop"""
    ahead: int | None
    """in a loop, slot ahead of the outermost one"""


class Draft:
    """One function of the guest's, on its way to its new body."""

    __slots__ = (
        "_added", "_declared", "_end", "_locals", "_runs", "_types",
        "charges", "patch", "sites",
    )  # fmt: skip

    def __init__(
        self,
        patch: Patch,
        charges: Charges,
        runs: int,
        declared: bytes,
        locals: int,
        end: int,
    ) -> None:
        """*declared* are the runs of locals, as many as *runs* says; *locals* counts parameters
        too."""
        self.patch, self.charges = patch, charges
        self.sites: list[CallSite] = []
        self._runs, self._declared, self._locals, self._end = (
            runs,
            declared,
            locals,
            end,
        )
        self._added: dict[str, int] = {}
        self._types = bytearray()

    @property
    def calls(self) -> Calls:
        return Calls(
            {site.target for site in self.sites if not site.indirect},
            {site.target for site in self.sites if site.indirect},
        )

    def local(self, type_: int, name: str) -> int:
        """Give the index of our local *name*."""
        if name not in self._added:
            self._added[name] = self._locals + len(self._types)
            self._types.append(type_)
        return self._added[name]

    def finish(self, entry: bytes) -> bytes:
        """Give the body, once every slot is filled; *entry* is what it begins with."""
        declared = b"".join(b"\x01" + bytes((type_,)) for type_ in self._types)
        runs = encode_unsigned(self._runs + len(self._types))
        return b"".join((runs, self._declared, declared, entry, self.patch.finish(self._end)))
