"""A copy of a piece of code with changes, put together in one pass from front to back."""

from __future__ import annotations


class Patch:
    """Collects changes to `data[start:end]` in ascending order; the rest is copied."""

    __slots__ = ("_codes", "_data", "_spans", "_start")

    def __init__(self, data: bytes, start: int) -> None:
        self._data, self._start = data, start
        self._spans: list[tuple[int, int]] = []
        self._codes: list[bytes] = []

    def replace(self, start: int, end: int, code: bytes) -> None:
        self._spans.append((start, end))
        self._codes.append(code)

    def insert(self, pos: int, code: bytes) -> None:
        self.replace(pos, pos, code)

    def slot(self, start: int, end: int | None = None) -> int:
        """Reserve a place for later code, instead of `data[start:end]`; without *end*, at *start*.
        Pass the result to `fill`; without code nothing changes."""
        self._spans.append((start, start if end is None else end))
        self._codes.append(b"")
        return len(self._codes) - 1

    def fill(self, slot: int, code: bytes) -> None:
        self._codes[slot] = code

    def finish(self, end: int) -> bytes:
        parts, copied = [], self._start
        for (first, behind), code in zip(self._spans, self._codes, strict=True):
            if code:
                parts.append(self._data[copied:first])
                parts.append(code)
                copied = behind
        parts.append(self._data[copied:end])
        return b"".join(parts)
