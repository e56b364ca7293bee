"""The body of an answer, read from its server at once or part by part."""

from __future__ import annotations

import time
from typing import Final

from urllib3 import BaseHTTPResponse
from urllib3.exceptions import TimeoutError

from nexus.model import FailureKind, OutboundPart
from nexus.outbound.failures import Failed

_PART_BYTES: Final = 64 << 10
_SHORT_BYTES: Final = 64 << 10
"""A body that is not longer comes with its answer's head, also where the guest would stream it"""


class Body:
    """A body that is not read to its end. One thread at a time uses it."""

    def __init__(self, response: BaseHTTPResponse, most_bytes: int, deadline: float) -> None:
        """*most_bytes*: its longest length, decompressed; *deadline*: monotonic seconds."""
        self._response, self._most_bytes, self._deadline = response, most_bytes, deadline
        self._is_encoded = "content-encoding" in response.headers
        self.received = 0
        """bytes read so far, decompressed"""

    @property
    def is_short(self) -> bool:
        """Return whether it is known to be short."""
        length = self._response.length_remaining
        return length is not None and length <= _SHORT_BYTES

    def whole(self) -> bytes:
        """Read all of it. Raises: Failed if it is too long; HTTPError."""
        found = bytearray()
        for chunk in self._response.stream(_PART_BYTES, decode_content=True):
            found += self._counted(chunk)
        return bytes(found)

    def part(self) -> OutboundPart:
        """Read what is there of it, or wait for more. Raises: as `whole` does."""
        part = self._counted(self._response.read1(_PART_BYTES, decode_content=True))
        # What is decoded may be longer than what was received.
        is_last = self._response.length_remaining == 0 and not self._is_encoded
        return OutboundPart(part, bool(part) and not is_last)

    def close(self) -> None:
        """Close the connection: nobody reads on."""
        self._response.close()

    def _counted(self, chunk: bytes) -> bytes:
        self.received += len(chunk)
        if self.received > self._most_bytes:
            reason = f"an answer of more than {self._most_bytes} bytes"
            raise Failed(FailureKind.TOO_LARGE, reason)
        if time.monotonic() >= self._deadline:
            raise TimeoutError
        return chunk
