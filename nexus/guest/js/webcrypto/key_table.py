"""The keys of one execution. Their bytes stay here; a guest knows each key by its number."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from nexus.guest.js.webcrypto.failure import INVALID_ACCESS, OPERATION, Failure

MAX_KEYS: Final = 4096
"""keys of one execution; the next call that makes one fails"""
MAX_BYTES: Final = 8 << 20
"""size of all keys of one execution, each rounded up; the next call that makes one fails"""

_LEAST_BYTES: Final = 128
_PAIR_BYTES: Final = 2048  # what OpenSSL keeps of an RSA key, about


class Kept(NamedTuple):
    """One key and whether the guest may have its bytes."""

    key: Any
    """bytes of a secret, or a key object of `cryptography`"""
    extractable: bool


class KeyTable:
    """Numbers the keys of one execution, from 0 on."""

    def __init__(self) -> None:
        self._keys: list[Kept] = []
        self._bytes = 0

    def add(self, key: Any, extractable: bool) -> int:
        """Keep *key*; return its number. Raises: Failure if the table is full."""
        size = max(len(key), _LEAST_BYTES) if isinstance(key, bytes) else _PAIR_BYTES
        if len(self._keys) >= MAX_KEYS or self._bytes + size > MAX_BYTES:
            raise Failure(
                OPERATION,
                f"a request may have {MAX_KEYS} keys of {MAX_BYTES} bytes together, not more",
            )
        self._bytes += size
        self._keys.append(Kept(key, extractable))
        return len(self._keys) - 1

    def get(self, number: object) -> Any:
        """Return the key with *number*. Raises: Failure."""
        return self._kept(number).key

    def extractable(self, number: object) -> Any:
        """Return the key with *number*, whose bytes the guest may have. Raises: Failure."""
        kept = self._kept(number)
        if not kept.extractable:
            raise Failure(INVALID_ACCESS, "The key is not extractable")
        return kept.key

    def _kept(self, number: object) -> Kept:
        if isinstance(number, int) and 0 <= number < len(self._keys):
            return self._keys[number]
        raise Failure(INVALID_ACCESS, "This request has no such key")
