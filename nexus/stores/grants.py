"""The manifest's `kv`: which namespaces of the key-value store a handler may read and write."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

OWN: Final = "self"
"""the entry for the handler's own namespace"""
ALLOWED: Final = (
    'a list of NAMESPACE:r or NAMESPACE:rw, each namespace once, such as "orders:rw"; '
    f'"{OWN}:rw" is the namespace of the handler alone'
)
_ENTRY: Final = re.compile(r"([A-Za-z0-9][A-Za-z0-9_.-]{0,63}):(rw?)")


def read_grant(text: str) -> tuple[str, bool]:
    """Return the namespace of one entry, and whether it may be written. Raises: ValueError."""
    found = _ENTRY.fullmatch(text)
    if found is None:
        raise ValueError("not a namespace with :r or :rw")
    return found[1], found[2] == "rw"


@lru_cache(maxsize=1024)
def grants_of(entries: tuple[str, ...]) -> Mapping[str, bool]:
    """Return whether each namespace of *entries* may be written. Raises: ValueError."""
    found = dict(map(read_grant, entries))
    if len(found) < len(entries):
        raise ValueError("a namespace twice")
    return found


def stored_as(namespace: str, handler: str) -> str:
    """Return the name in the store: no handler's own namespace is another's, or a shared one."""
    return f"handler:{handler}" if namespace == OWN else f"shared:{namespace}"
