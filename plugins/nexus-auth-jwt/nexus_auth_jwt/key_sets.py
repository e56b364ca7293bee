"""Key sets: files, read again when they change, and addresses, fetched again after a time.

If a set cannot be read, its last keys stay in use: an outage of the issuer is no outage here. The
first request that meets expired keys reads them again; other requests use the old ones meanwhile.
"""

from __future__ import annotations

import json
import logging
import threading
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nexus.plugin_api.errors import Overloaded
from nexus_auth_jwt.keys import VerifyingKey, from_jwk
from nexus_auth_jwt.options import KeySetOptions

log = logging.getLogger("nexus.plugins.jwt")

MOST_BYTES = 1 << 20
AGAIN_S = 10.0
"""How long to wait, after a token named an unknown key and the set was read again for it, before an
unknown key causes another read: anyone can send such tokens."""


class KeySet:
    """The keys of one set. Thread-safe."""

    def __init__(self, name: str, options: KeySetOptions) -> None:
        self._name, self._options = name, options
        self._read: Callable[[], bytes | None] = (
            _File(options.file) if options.file else _Address(options)
        )
        self._every_s = 1.0 if options.file else float(options.refresh_s)
        self._reading = threading.Lock()  # held by the one thread that reads
        self._keys: tuple[VerifyingKey, ...] | None = None
        self._read_at = float("-inf")
        self._failing = False

    def load(self) -> None:
        """Read the set now. Raises: ValueError, OSError."""
        with self._reading:
            self._load()

    def current(self) -> tuple[VerifyingKey, ...]:
        """Return the current keys. Raises: Overloaded if the set could never be read."""
        if time.monotonic() - self._read_at > self._every_s:
            self._refresh()
        if self._keys is None:
            raise Overloaded("the keys that tokens are verified with cannot be had now", 5)
        return self._keys

    def look_again(self) -> None:
        """Read the set again, since a token names an unknown key; do nothing within `AGAIN_S`."""
        if time.monotonic() - self._read_at > AGAIN_S:
            self._refresh()

    def _refresh(self) -> None:
        wait = self._keys is None  # without keys the request can only wait
        if not self._reading.acquire(blocking=wait):
            return
        try:
            if wait and self._keys is not None:
                return  # another thread was first
            self._load()
            self._failing = False
        except Exception as error:
            if not self._failing:
                log.error("key set %s cannot be read: %s", self._name, error)
            self._failing = True
        finally:
            self._reading.release()

    def _load(self) -> None:
        self._read_at = time.monotonic()
        found = self._read()
        if found is not None:
            self._keys = parse(found, self._options.algorithms)


def parse(text: bytes, allowed: tuple[str, ...]) -> tuple[VerifyingKey, ...]:
    """Return the usable keys of a set; leave out broken ones.

    Raises: ValueError if no key is usable.
    """
    try:
        listed = list(json.loads(text)["keys"])
    except (TypeError, KeyError, RecursionError, ValueError):
        raise ValueError('no JSON Web Key Set: {"keys": [...]}') from None
    keys = []
    for jwk in listed:
        try:
            key = from_jwk(jwk, allowed) if isinstance(jwk, dict) else None
        except ValueError as error:
            log.warning("%s; it is left out", error)
        else:
            keys += [key] if key is not None else []
    if not keys:
        raise ValueError(f"no key of the set is for {', '.join(allowed)}")
    return tuple(keys)


class _File:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: bytes | None = None

    def __call__(self) -> bytes | None:
        """Return the file's content, or None if it has not changed since the last call."""
        found = self._path.read_bytes()
        if found == self._seen:
            return None
        self._seen = found
        return found


class _Straight(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: Any) -> None:
        """Follow no redirect: it could lead away from the operator's address, or from https."""


class _Address:
    def __init__(self, options: KeySetOptions) -> None:
        assert options.url is not None  # `KeySetOptions` checked it
        self._url, self._timeout_s = options.url, options.timeout_s
        self._opener = urllib.request.build_opener(_Straight)

    def __call__(self) -> bytes:
        with self._opener.open(self._url, timeout=self._timeout_s) as response:
            found: bytes = response.read(MOST_BYTES + 1)
        if len(found) > MOST_BYTES:
            raise ValueError(f"more than {MOST_BYTES} bytes")
        return found
