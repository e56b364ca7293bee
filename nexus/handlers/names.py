"""The names that handlers may have."""

from __future__ import annotations

import re
from typing import Final

from nexus.errors import InvalidHandler

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


def is_name(text: str) -> bool:
    """Return whether *text* is a valid name of a handler."""
    return _NAME.fullmatch(text) is not None


def nearest_name(text: str) -> str:
    """Return *text* if a handler may be called so, else a name like it that one may have."""
    if is_name(text):
        return text
    near = re.sub(r"[^A-Za-z0-9_.-]+", "-", text).strip("-._")[:64]
    return near if is_name(near) else "module"


def check_name(name: str) -> str:
    """Return *name* if it is a valid name of a handler.

    Raises: InvalidHandler.
    """
    if not is_name(name):
        raise InvalidHandler(
            f"handler name {name[:80]!r} is not allowed: 1 to 64 letters, digits, '_', '.' or '-', "
            "beginning with a letter or digit"
        )
    return name
