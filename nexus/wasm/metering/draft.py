"""A function body that was read, with open places for our code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from nexus.wasm.format.leb128 import encode_unsigned
from nexus.wasm.metering.call_graph import Calls
from nexus.wasm.metering.charges import Charges
from nexus.wasm.metering.patch import Patch

I32, I64 = 0x7F, 0x7E

EXTRA_LOCALS = 5
"""The most locals that we add: left, own, rounds, goal, length"""


class CallSite(NamedTuple):
    """A call of one of the guest's functions."""

    before: int
    """slot ahead of the call, its arguments on the stack"""
    after: int
    """slot behind it, its results on the stack"""
    target: int
    """place of a function, or of a type if *indirect*"""
    indirect: bool
    segment: int
    """segment of the code around it"""
    block: int
    """number of the innermost block around it"""
    left: int | None
    """the local that mirrors the fuel, if in a loop"""
    ahead: int | None
    """slot ahead of the outermost loop, if in a loop"""


class Draft:
    """One of the guest's functions while its new body is made."""

    __slots__ = (
        "_added", "_declared", "_end", "_locals", "_runs", "_types",
        "charges", "params", "patch", "sites",
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
        """*declared*: the declarations of locals, in *runs* groups; *locals*: their number,
        parameters included."""
        self.patch, self.charges = patch, charges
        self.sites: list[CallSite] = []
        self.params: Sequence[tuple[int, str]] = ()
        """the parameters, by index and type"""
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
        """Return the index of our local *name*."""
        if name not in self._added:
            self._added[name] = self._locals + len(self._types)
            self._types.append(type_)
        return self._added[name]

    def finish(self, entry: bytes) -> bytes:
        """Return the body, once every slot is filled; it begins with *entry*."""
        declared = b"".join(b"\x01" + bytes((type_,)) for type_ in self._types)
        runs = encode_unsigned(self._runs + len(self._types))
        return b"".join((runs, self._declared, declared, entry, self.patch.finish(self._end)))
