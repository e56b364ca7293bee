"""Hides possible secrets in a table of options, by key and by form."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

HIDDEN = "(hidden)"
_SECRET = re.compile(
    r"auth|cert|cookie|cred|dsn|header|jwt|key|pass|pin\b|priv|pwd|salt|secret|sign|token", re.I
)
_ADDRESS = re.compile(r"(?<=://)[^/?#\s]*@|(?<=[?#])\S*")
"""User information, and query or fragment, in a server's address"""


def public(value: object) -> Any:
    """Return *value* for anyone to see: tables and lists kept, possible secrets hidden."""
    if isinstance(value, Mapping):
        return {
            key: HIDDEN if _is_secret(key, entry) else public(entry) for key, entry in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [public(entry) for entry in value]
    if isinstance(value, str):
        return _ADDRESS.sub(HIDDEN, value)
    return value if isinstance(value, (bool, int, float)) else str(value)


def _is_secret(key: object, value: object) -> bool:
    return _SECRET.search(str(key)) is not None and not isinstance(value, bool)
