"""Suspension ids: `WORKER-RANDOM-TAG`, hexadecimal and unguessable.

The pod's workers share a key, and TAG proves that one of them made the id. So any worker can
distinguish an id that was never made from one whose worker or suspension is gone.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets

from nexus.errors import SuspensionNotFound

_ID = re.compile(r"([0-9a-f]{16})-([0-9a-f]{32})-([0-9a-f]{32})")


class SuspensionIds:
    """Makes one worker's ids, and reads those of all workers."""

    def __init__(self, key: bytes) -> None:
        """*key*: shared by the pod's workers."""
        self._key = key
        self.worker = secrets.token_hex(8)
        """this worker's name"""

    def new(self) -> str:
        """Return a new id."""
        random = secrets.token_hex(16)
        return f"{self.worker}-{random}-{self._tag(self.worker, random)}"

    def worker_of(self, suspension_id: str) -> str:
        """Return the name of the worker that made the id.

        Raises: SuspensionNotFound if no worker of this pod did.
        """
        found = _ID.fullmatch(suspension_id)
        if found is None or not hmac.compare_digest(self._tag(found[1], found[2]), found[3]):
            raise SuspensionNotFound(f"no suspension {suspension_id[:120]!r}")
        return found[1]

    def _tag(self, worker: str, random: str) -> str:
        text = f"{worker}-{random}".encode()
        return hmac.new(self._key, text, hashlib.sha256).hexdigest()[:32]
