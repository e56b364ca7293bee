"""The interface of a key-value store, in which handlers keep what outlives a request."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol, TypeAlias

from nexus.plugin_api.settings import Settings

MAX_VALUE_BYTES: Final = 1 << 20
MAX_LISTED: Final = 1000
"""entries that one `list` returns at most"""
MAX_COUNT: Final = (1 << 53) - 1
"""a counter's largest value, and its smallest with a minus: what JavaScript's numbers hold"""


class StoreError(Exception):
    """A store cannot do what it was asked for; the message is for the handler."""


class StoreUnavailable(StoreError):
    """The store cannot be reached or written to now, or did not answer in time."""


class StoreFull(StoreError):
    """The namespace would become larger than it may be."""


class NotACounter(StoreError):
    """The value is not a whole number in decimal, or the sum would be too large."""


class Entry(NamedTuple):
    """One key in a list."""

    key: str
    expires_ms: int | None
    """when it expires, in ms since 1970; None: never"""


@dataclass(frozen=True, slots=True)
class Terms:
    """How to carry out one write."""

    timeout_s: float
    """how long it may take"""
    most_bytes: int
    """the most that keys and values of the namespace may have together"""
    ttl_ms: int | None = None
    """after how long the entry expires; None: never. For `increment` None keeps what was set"""


class Store(Protocol):
    """Entries by namespace and key. Thread-safe; many processes use one store at once.

    A write is atomic, and every process sees it when the call returns. An entry is gone from the
    moment it expires, by one clock for all processes. Keys are ordered by their UTF-8. Every method
    raises StoreUnavailable rather than take longer than its time. The namespaces and keys that
    Nexus passes have no control characters.
    """

    @property
    def is_remote(self) -> bool:
        """Return whether reads wait for a server, so that other requests should run meanwhile."""
        ...

    def get(self, namespace: str, key: str, timeout_s: float) -> bytes | None:
        """Return the value of *key*, or None if there is no such key."""
        ...

    def put(self, namespace: str, key: str, value: bytes, terms: Terms) -> None:
        """Set *key* to *value*. Raises: StoreFull."""
        ...

    def delete(self, namespace: str, key: str, timeout_s: float) -> None:
        """Delete *key*, if it exists."""
        ...

    def list(
        self, namespace: str, prefix: str, after: str, most: int, timeout_s: float
    ) -> Sequence[Entry]:
        """Return up to *most* entries in the order of their keys: those whose keys begin with
        *prefix* and come after *after*."""
        ...

    def increment(self, namespace: str, key: str, by: int, terms: Terms) -> int:
        """Add *by* to the number that *key* holds, 0 if there is no such key; return the sum,
        which is kept as text in decimal. Raises: NotACounter, StoreFull."""
        ...

    def compare_and_set(
        self, namespace: str, key: str, expected: bytes | None, value: bytes | None, terms: Terms
    ) -> bool:
        """Set *key* to *value* if it holds *expected*; return whether it did. None stands for no
        such key, so it creates or deletes. Raises: StoreFull."""
        ...

    def close(self) -> None:
        """Close connections; there will be no more calls."""
        ...


StoreFactory: TypeAlias = Callable[[Settings], Store]
"""Makes a store without connecting yet. Raises: ConfigError if its options are wrong"""


def counted(value: bytes | None, by: int) -> int:
    """Return *by* added to the number in *value*, which is None for 0. Raises: NotACounter."""
    text = b"0" if value is None else value
    digits = text[1:] if text[:1] == b"-" else text
    if not digits.isdigit() or len(digits) > 16:
        raise NotACounter("the value is not a whole number in decimal, so it cannot be counted up")
    total = int(text) + by
    if abs(total) > MAX_COUNT:
        raise NotACounter(f"the sum {total} exceeds {MAX_COUNT}, the largest count")
    return total
