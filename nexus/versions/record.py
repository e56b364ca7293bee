"""A handler's record: its versions, which of them serve, and what was done to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict

from nexus.errors import VersionNotFound

PREFIX: Final = "handlers/"
"""of a record's key; the handler's name follows"""
MOST_EVENTS: Final = 200
"""what the history keeps; the log has all"""


class _Stored(BaseModel):
    # A newer Nexus may have written more.
    model_config = ConfigDict(frozen=True, extra="ignore")


class StoredFile(_Stored):
    """One file of a version."""

    sha256: str
    size_bytes: int


class Version(_Stored):
    """An immutable version of a handler."""

    id: str
    digest: str
    """of its files and its manifest"""
    created_at: float
    created_by: str
    note: str
    language: str
    entry: str
    """which of *files* is the handler's own"""
    files: Mapping[str, StoredFile]
    """by their paths in a handlers folder; the manifest is one of them"""

    @property
    def size_bytes(self) -> int:
        """The size of all files."""
        return sum(file.size_bytes for file in self.files.values())


class Event(_Stored):
    """One change: who did it, when, and which version it was about."""

    at: float
    by: str
    action: Literal["deploy", "activate", "weights", "delete", "prune"]
    version: str | None = None
    detail: str = ""


class Record(_Stored):
    """All that a store has of one handler. It outlives its versions, so that no id is used twice.

    A handler's record changes by `model_copy`: a copy that a caller holds stays as it is.
    """

    last: int = 0
    """the number in the latest id"""
    versions: tuple[Version, ...] = ()
    """the oldest first"""
    weights: Mapping[str, int] = {}
    """how many of a hundred requests each version gets that serves"""
    sticky: str = ""
    """`header:NAME` or `cookie:NAME` if a client stays with one version"""
    history: tuple[Event, ...] = ()
    """the oldest first"""

    def find(self, id: str) -> Version:
        """Return the version *id*. Raises: VersionNotFound."""
        for version in self.versions:
            if version.id == id:
                return version
        known = ", ".join(version.id for version in self.versions[-10:]) or "none"
        raise VersionNotFound(f"there is no version {id[:40]!r}; versions: {known}")

    def with_digest(self, digest: str) -> Version | None:
        """Return the version with this *digest*, or None."""
        return next((version for version in self.versions if version.digest == digest), None)

    def before(self) -> str | None:
        """Return the version that served alone before what serves now, or None."""
        alone = next(iter(self.weights), None) if len(self.weights) < 2 else None
        for event in reversed(self.history):
            if event.action in ("deploy", "activate") and not event.detail:
                kept = any(version.id == event.version for version in self.versions)
                if kept and event.version != alone:
                    return event.version
        return None

    def noted(self, *events: Event) -> Record:
        """Return the record with *events* in its history."""
        return self.model_copy(update={"history": (*self.history, *events)[-MOST_EVENTS:]})


def ranked(weights: Mapping[str, int]) -> list[str]:
    """Return the versions in *weights*, the one that gets most requests first, else the older."""
    return sorted(weights, key=lambda id: (-weights[id], int(id.removeprefix("v"))))


def key_of(name: str) -> str:
    """Return the key of a handler's record."""
    return PREFIX + name
