"""A handler's source text, as in its file now."""

from __future__ import annotations

from typing import Final

from nexus.handlers.sources import Source

_MOST_BYTES: Final = 256 << 10


def source_text(source: Source) -> str | None:
    """Return the text of the handler's first file; None if it is a binary module, too long, or
    unreadable."""
    if source.path.suffix == ".wasm":
        return None
    try:
        with source.path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
        return content.decode() if len(content) <= _MOST_BYTES else None
    except (OSError, UnicodeDecodeError):
        return None
