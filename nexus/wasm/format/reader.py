"""A cursor over part of a binary that never leaves it (core specification, 5.1 "Conventions")."""

from __future__ import annotations

from nexus.errors import InvalidModule
from nexus.wasm.format.leb128 import read_signed, read_u32


class Reader:
    """Reads from `data[pos:end]`; positions count from the start of the binary.

    Every method raises InvalidModule if the bytes end too early or are malformed. *what* names the
    part in those messages.
    """

    __slots__ = ("data", "end", "pos", "what")

    def __init__(self, data: bytes, pos: int, end: int, what: str) -> None:
        self.data, self.pos, self.end, self.what = data, pos, end, what

    def _advance(self, pos: int) -> None:
        if pos > self.end:
            raise InvalidModule(f"the {self.what} ends too early", self.end)
        self.pos = pos

    def byte(self) -> int:
        at = self.pos
        self._advance(at + 1)
        return self.data[at]

    def bytes(self, count: int) -> bytes:
        at = self.pos
        self._advance(at + count)
        return self.data[at : self.pos]

    def skip(self, count: int) -> None:
        self._advance(self.pos + count)

    def u32(self) -> int:
        try:
            value, pos = read_u32(self.data, self.pos)
        except IndexError:
            raise InvalidModule(f"the {self.what} ends too early", self.end) from None
        self._advance(pos)
        return value

    def signed(self, bits: int) -> int:
        try:
            value, pos = read_signed(self.data, self.pos, bits)
        except IndexError:
            raise InvalidModule(f"the {self.what} ends too early", self.end) from None
        self._advance(pos)
        return value

    def name(self) -> str:
        """Read a vector of bytes that must be UTF-8 (5.2.4 "Names")."""
        at = self.pos
        raw = self.bytes(self.u32())
        try:
            return raw.decode()
        except UnicodeDecodeError:
            raise InvalidModule("a name is not UTF-8", at) from None

    def index(self, count: int, space: str) -> int:
        """Read an index that must be below *count*, the size of the index space *space*."""
        at = self.pos
        value = self.u32()
        if value >= count:
            raise InvalidModule(f"{space} {value} does not exist; there are {count}", at)
        return value

    def finish(self) -> None:
        """Raise InvalidModule unless everything was read."""
        if self.pos != self.end:
            raise InvalidModule(f"the {self.what} has bytes left over", self.pos)
