"""Guest output for error messages: short, and free of terminal control sequences."""

from __future__ import annotations

from typing import Final

_SHOWN_BYTES: Final = 60


def excerpt(content: bytes | bytearray) -> str:
    """Return the first bytes of *content* as a Python literal; dots mark a cut."""
    shown = repr(bytes(content[:_SHOWN_BYTES]))
    return f"{shown} ..." if len(content) > _SHOWN_BYTES else shown
