"""Hides possible secrets in a table of options, by key and by form, and known ones in text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
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


LEAST_CHARACTERS = 4
"""`conceal` leaves shorter lines of secrets alone: `1` stands in texts of any kind"""


def conceal(text: str, secrets: Iterable[str]) -> str:
    """Return *text* with every line of each of *secrets* replaced.

    Lines, since a log splits text at them, and JSON writes a line end in another way.
    """
    lines = {line for secret in secrets for line in secret.splitlines()}
    for line in sorted(lines, key=len, reverse=True):
        if len(line) >= LEAST_CHARACTERS:
            text = text.replace(line, HIDDEN)
    return text
