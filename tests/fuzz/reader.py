"""Fuzzes the binary reader and rewriter: any bytes give a metered module or InvalidModule, and an
invalid module never becomes a valid one."""

from __future__ import annotations

from nexus.errors import InvalidModule
from nexus.wasm import rewrite
from tests.wasm.support import LIMITS, is_valid
from tests.wasm.test_totality import SEEDS

from .driver import main


class ReaderTarget:
    name = "reader"
    seeds = SEEDS
    tokens = (
        b"\0asm\1\0\0\0", b"\x80\x80\x80\x80\x08", b"\xff\xff\xff\xff\x0f", b"\xff\xff\xff\xff\x7f",
        b"\x03\x40", b"\x02\x40", b"\x04\x7f\x05", b"\x0b", b"\x0e\x02\x00\x01\x00", b"\x10\x00",
        b"\x11\x00\x00", b"\xfc\x08\x00\x00", b"\xfc\x0a\x00\x00", b"\xfc\x0b\x00", b"\xfd\x0c",
        b"\xd2\x00", b"\xd0\x70", b"\x40\x00", b"\x60\x00\x00", b"\x12\x00", b"\x1c\x01\x7f",
        b"\x05nexus\x0acheckpoint", b"\x0anexus.fuel", b"\x00\x04name", b"\x01\x7f\x01\x40",
    )  # fmt: skip

    def check(self, data: bytes) -> str:
        try:
            rewritten, info = rewrite(data, LIMITS)
        except InvalidModule as refused:
            return self._refused(refused, data)
        valid = is_valid(data)
        assert is_valid(rewritten) == valid, "rewriting changed whether the module is valid"
        return f"rewritten, valid: {valid}, {info.reset_blocker}"

    def _refused(self, refused: InvalidModule, data: bytes) -> str:
        assert refused.offset is not None
        assert 0 <= refused.offset <= len(data)
        return refused.reason


if __name__ == "__main__":
    main(ReaderTarget())
