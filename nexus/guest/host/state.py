"""The state an execution sees: the given values, overlaid with its own writes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from nexus.guest.json_text import to_json

_DELETED: Final = object()


class State:
    """Values by key. `Services` checks which keys a guest may see."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self._given = given
        self._written: dict[str, object] = {}
        self._as_json: dict[str, bytes] = {}
        """values read or written, as JSON; a guest asks twice, for the length and for the value"""

    def get(self, key: str) -> bytes | None:
        """Return the value of *key* as JSON, or None if the state lacks *key*."""
        found = self._as_json.get(key)
        if found is None and key in self:
            found = self._as_json[key] = to_json(self._given[key])
        return found

    def __contains__(self, key: object) -> bool:
        if key in self._written:
            return self._written[key] is not _DELETED
        return key in self._given

    def __iter__(self) -> Iterator[str]:
        """Return the keys, oldest first."""
        return (key for key in {**self._given, **self._written} if key in self)

    def set(self, key: str, value: bytes) -> None:
        """Set *key* to a JSON *value*."""
        self._written[key], self._as_json[key] = value, value

    def delete(self, key: str) -> None:
        """Delete *key*, if it exists."""
        self._written[key] = _DELETED
        self._as_json.pop(key, None)
