"""Guest output in error messages: short, and with nothing in it that a terminal would obey."""

from __future__ import annotations

from typing import Final

_SHOWN_BYTES: Final = 60


def excerpt(content: bytes | bytearray) -> str:
    """Return the first bytes of *content* as a Python literal, with a mark if there are more."""
    shown = repr(bytes(content[:_SHOWN_BYTES]))
    return f"{shown} ..." if len(content) > _SHOWN_BYTES else shown
