"""What the compiler's child is asked: one JSON line, then the parts it says the lengths of."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import BinaryIO


@dataclass(frozen=True)
class Order:
    """One compilation (of the first part), or one set-up of a JavaScript handler (the parts are
    QuickJS's artifact file, the bundle and QuickJS as it came)."""

    engine: str
    compiler: str
    cache_dir: str
    key: str
    """of what is to be made"""
    pages: int
    """of linear memory at most"""
    address_space_bytes: int
    cpu_s: int
    is_text: bool = False
    """the module is in the text format"""
    functions: tuple[str, ...] = ()
    """to export by their names in the name section; given, the module is a language runtime, whose
    ABI is not looked at"""
    abi: str = ""
    """to give the result; empty: what the module is recognised as"""
    runtime_key: str = ""
    """of QuickJS's artifact; given, this is a set-up"""
    idle: bool = False
    """take only CPU time that nobody else wants"""
    parts: tuple[bytes, ...] = field(default=(), repr=False)

    def write(self) -> bytes:
        """This order as bytes, for `read_order`."""
        line = asdict(self) | {"parts": [len(part) for part in self.parts]}
        return b"".join((json.dumps(line).encode(), b"\n", *self.parts))


def read_order(stream: BinaryIO) -> Order:
    """Read what `Order.write` wrote."""
    fields = json.loads(stream.readline())
    parts = tuple(stream.read(length) for length in fields.pop("parts"))
    return Order(**{**fields, "functions": tuple(fields["functions"]), "parts": parts})
