"""Saves locals in globals of ours around the rare call that refills.

A call may change most registers, all of those for floating point among them. A compiler that does
not split such values well keeps them in memory for the whole loop, because of a call that one round
in some ten thousand makes: Cranelift does, LLVM does not. So the code around the call stores the
loop's locals in globals, and loads them again: no value has to survive the call, and the hot path
keeps its registers.

The globals belong to one run of the code around a call, which the host does not enter again
meanwhile; nobody else reads them.
"""

from __future__ import annotations

from collections.abc import Sequence

from nexus.wasm.format.leb128 import encode_unsigned, read_u32
from nexus.wasm.format.types import VALUE_TYPES

_MOST_REMEMBERED = 64
"""The most locals that a loop remembers of the loops within it, so that time stays linear"""
MOST_OF_A_TYPE = 8
"""The most locals of one type that are saved: machines have 16 registers of a kind"""

_GET_LOCAL, _SET_LOCAL, _GET_GLOBAL, _SET_GLOBAL = b"\x20", b"\x21", b"\x23", b"\x24"
_READ = 0x20
_BYTES = {name: byte for byte, name in VALUE_TYPES.items()}
ZEROS = {
    "i32": b"\x41\0",
    "i64": b"\x42\0",
    "f32": b"\x43" + bytes(4),
    "f64": b"\x44" + bytes(8),
    "v128": b"\xfd\x0c" + bytes(16),
}
"""Code for the first value, by the types that are saved: not references, which would stay alive"""


class Spills:
    """The globals of one module in which locals are saved; they follow its other globals."""

    def __init__(self, first: int) -> None:
        """*first*: index of the first of these globals."""
        self._first = first
        self._types: list[str] = []
        self._by_type: dict[str, list[int]] = {type_: [] for type_ in ZEROS}

    def around(self, call: bytes, locals: Sequence[tuple[int, str]]) -> bytes:
        """Return *call* with code that saves and restores *locals*, indices with their types."""
        if not locals:
            return call
        before: list[bytes] = []
        after: list[bytes] = []
        used = dict.fromkeys(ZEROS, 0)
        for local, type_ in locals:
            place = used.get(type_, MOST_OF_A_TYPE)
            if place == MOST_OF_A_TYPE:
                continue
            used[type_] += 1
            index, saved = encode_unsigned(local), encode_unsigned(self._global(type_, place))
            before += (_GET_LOCAL, index, _SET_GLOBAL, saved)
            after += (_GET_GLOBAL, saved, _SET_LOCAL, index)
        return b"".join((*before, call, *after))

    def _global(self, type_: str, place: int) -> int:
        found = self._by_type[type_]
        if place == len(found):
            found.append(self._first + len(self._types))
            self._types.append(type_)
        return found[place]

    def declarations(self) -> list[bytes]:
        """Return each global as the global section declares it."""
        return [bytes((_BYTES[t], 1)) + ZEROS[t] + b"\x0b" for t in self._types]


class Accesses:
    """Finds out which locals a loop reads before it writes them, while a body is read.

    In the order of the text: such a local's value is needed from one round to the next, or comes
    from outside. To save another one would keep a value alive that nobody needs.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.found: list[int] = []
        """positions of instructions with a local, within the loops being read"""
        self._loops: list[int] = []

    def begin_loop(self) -> None:
        self._loops.append(len(self.found))

    def end_loop(self) -> Sequence[int]:
        """End the innermost loop; return the locals that it reads first."""
        start, data = self._loops.pop(), self._data
        first: dict[int, int] = {}
        for pos in self.found[start:]:
            byte = data[pos + 1]
            first.setdefault(byte if byte < 0x80 else read_u32(data, pos + 1)[0], pos)
        self.found[start:] = list(first.values())[:_MOST_REMEMBERED]
        return [local for local, pos in first.items() if data[pos] == _READ]
