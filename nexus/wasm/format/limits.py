"""Declared and clamped limits of memories and tables (core specification, 5.3.9)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from nexus.errors import InvalidModule
from nexus.wasm.format.leb128 import encode_unsigned
from nexus.wasm.format.reader import Reader

PAGE_BYTES = 65536
MAX_PAGES = 65536
"""Most pages of a 32-bit memory"""

_SHARED, _MEMORY64, _PAGE_SIZE = 0x02, 0x04, 0x08


class Limits(NamedTuple):
    """Size limits of a memory (pages) or table (elements)."""

    minimum: int
    maximum: int | None

    def clamped(self, ceiling: int) -> Limits:
        """Return limits with a maximum of up to *ceiling*, which the minimum must not exceed."""
        maximum = ceiling if self.maximum is None else min(self.maximum, ceiling)
        return Limits(self.minimum, maximum)

    def encode(self) -> bytes:
        if self.maximum is None:
            return b"\0" + encode_unsigned(self.minimum)
        return b"\1" + encode_unsigned(self.minimum) + encode_unsigned(self.maximum)


MAX_TABLES = 16
"""Most tables; together with the limit on elements, this bounds the memory of tables"""


@dataclass(frozen=True)
class RewriteLimits:
    """Ceilings for the sizes of a module's memory and tables."""

    memory_pages: int
    """pages of 64 KiB"""
    table_elements: int = 65536
    """elements of each table: Go puts every function into one, and large programs have 30,000"""

    def __post_init__(self) -> None:
        if not 0 <= self.memory_pages <= MAX_PAGES:
            raise ValueError(f"memory_pages must be 0 to {MAX_PAGES}, got {self.memory_pages}")
        if not 0 <= self.table_elements < 1 << 31:
            raise ValueError(f"table_elements must be 0 to 2^31 - 1, got {self.table_elements}")


def read_limits(reader: Reader) -> Limits:
    """Read limits; refuse shared, 64-bit and custom-page ones by name."""
    at = reader.pos
    flags = reader.byte()
    if flags > 0x0F:
        raise InvalidModule(f"unknown limits flags {flags:#04x}", at)
    if flags & _SHARED:
        raise InvalidModule("threads (a shared memory): not supported", at)
    if flags & _MEMORY64:
        raise InvalidModule("64-bit memories or tables (memory64): not supported", at)
    if flags & _PAGE_SIZE:
        raise InvalidModule("custom page sizes: not supported", at)
    minimum = reader.u32()
    maximum = reader.u32() if flags else None
    if maximum is not None and maximum < minimum:
        raise InvalidModule(f"the maximum {maximum} is below the minimum {minimum}", at)
    return Limits(minimum, maximum)
