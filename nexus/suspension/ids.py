"""Suspension ids: `WORKER-RANDOM-TAG`, hexadecimal, made so that nobody can guess one.

TAG proves with a key that the workers of one pod share that one of them made it. So any worker can
tell an id that was never given out from one whose worker, or whose suspension, is gone.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets

from nexus.errors import SuspensionNotFound

_ID = re.compile(r"([0-9a-f]{16})-([0-9a-f]{32})-([0-9a-f]{32})")


class SuspensionIds:
    """Makes the ids of one worker, and reads those of all."""

    def __init__(self, key: bytes) -> None:
        """*key*: the pod's workers have the same."""
        self._key = key
        self.worker = secrets.token_hex(8)
        """this worker's name"""

    def new(self) -> str:
        """An id that was never there."""
        random = secrets.token_hex(16)
        return f"{self.worker}-{random}-{self._tag(self.worker, random)}"

    def worker_of(self, suspension_id: str) -> str:
        """The name of the worker that made it.

        Raises: SuspensionNotFound where none of ours did.
        """
        found = _ID.fullmatch(suspension_id)
        if found is None or not hmac.compare_digest(self._tag(found[1], found[2]), found[3]):
            raise SuspensionNotFound(f"no suspension {suspension_id[:120]!r}")
        return found[1]

    def _tag(self, worker: str, random: str) -> str:
        text = f"{worker}-{random}".encode()
        return hmac.new(self._key, text, hashlib.sha256).hexdigest()[:32]
