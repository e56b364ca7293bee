"""Knows when a request has arrived in full, so that no thread waits for the rest of it.

gunicorn's parser alone says what a request is. It gets every byte that the client sent, in order,
whatever is found here. A wrong answer from here costs time, and never moves a request's end. An
unclear request counts as there in full: the parser then rejects it at once.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import Enum

HEAD_BYTES = 64 << 10
"""The longest request head. A longer one is answered with 431."""
BODY_BYTES = 64 << 10
"""The longest body that is collected without a thread. A thread reads the rest of a longer one."""
_LINE_BYTES = 8190
"""The longest line with the size of a chunk: gunicorn's default `limit_request_field_size`."""

_BARE_LF = re.compile(rb"(?<!\r)\n")
_FRAMING = re.compile(rb"\r\n(content-length|transfer-encoding):([^\r\n]*)")
_HTTP_10 = re.compile(rb"(?:\r\n)?[^\r\n]* http/1\.0\r\n")
_CHUNK_LINE = re.compile(rb"([0-9a-fA-F]{1,16})(?:[ \t]*;[^\r\n]*)?")
_OTHER_CODINGS = frozenset((b"identity", b"compress", b"deflate", b"gzip"))


class Arrival(Enum):
    """How much of a connection's next request has arrived."""

    MORE = "the client has yet to send some of it"
    WHOLE = "head and body"
    PART = "the head; a thread must read the rest of the body"
    OVERSIZED = "more than HEAD_BYTES, and the head goes on"
    GONE = "nothing to answer: the client closed the connection"


class Framing:
    """Follows one request as it arrives; remembers how far it has looked."""

    __slots__ = ("_at", "_end", "_length", "_most_bytes", "_seen", "_trailers", "_waits")

    def __init__(self, most_bytes: Callable[[], int]) -> None:
        """*most_bytes* returns the largest allowed body; a larger one is refused without a wait."""
        self._most_bytes = most_bytes
        self.reset()

    def reset(self) -> None:
        """Begin with the next request."""
        self._seen = 0
        """how many bytes were searched for the end of the head"""
        self._end = 0
        """where the body begins; 0: the head is incomplete, or the request has no body"""
        self._length: int | None = None
        """the body's length; None: the body arrives in chunks"""
        self._waits = False
        """whether the client waits for `100 Continue`"""
        self._at = 0
        """where the next chunk's size line begins, or the trailers"""
        self._trailers = False
        """whether the last chunk has arrived, so that trailers begin at `_at`"""

    @property
    def in_body(self) -> bool:
        """Return whether the head has arrived and a body follows."""
        return self._end > 0

    def missing(self, received: int) -> int | None:
        """Return how many bytes of the body are not among *received*, or None if its length is
        unknown."""
        return None if self._length is None else self._end + self._length - received

    def look(self, data: bytes | bytearray) -> Arrival:
        """Return how much of the request has arrived; *data* has all bytes since its first."""
        if self._end:
            return self._look_at_body(data)
        end = data.find(b"\r\n\r\n", max(self._seen - 3, 0))
        if end < 0:
            if len(data) > HEAD_BYTES:
                return Arrival.OVERSIZED
            # gunicorn rejects a bare LF as soon as it sees one.
            rejected = _BARE_LF.search(data, self._seen)
            self._seen = len(data)
            return Arrival.WHOLE if rejected else Arrival.MORE
        head = bytes(data[:end]).lower()
        if b"\ncontent-length" not in head and b"\ntransfer-encoding" not in head:
            return Arrival.WHOLE
        if not self._expects_body(head):
            return Arrival.WHOLE
        self._end = self._at = end + 4
        self._waits = b"\nexpect:" in head
        return self._look_at_body(data)

    def _expects_body(self, head: bytes) -> bool:
        """Return whether the head announces a body as gunicorn's parser accepts it."""
        fields = [(name, value.strip(b" \t")) for name, value in _FRAMING.findall(head)]
        if len(fields) == 1 and fields[0][0] == b"content-length":
            value = fields[0][1]
            if not value.isdigit() or len(value) > 19:
                return False
            self._length = int(value)
            return self._length > 0
        # gunicorn rejects a length beside a coding, and two lengths.
        return (
            all(name == b"transfer-encoding" for name, _ in fields)
            and _ends_with_chunked([value for _, value in fields])
            and not _HTTP_10.match(head)
        )

    def _look_at_body(self, data: bytes | bytearray) -> Arrival:
        if self._length is None:
            if self._chunks_end(data):
                return Arrival.WHOLE
        elif len(data) - self._end >= self._length:
            return Arrival.WHOLE
        elif self._length > self._most_bytes():
            return Arrival.PART
        large = len(data) - self._end >= BODY_BYTES
        return Arrival.PART if large or self._waits else Arrival.MORE

    def _chunks_end(self, data: bytes | bytearray) -> bool:
        """Return whether the last chunk has arrived, or a chunk that gunicorn rejects."""
        while True:
            if self._trailers:
                ends = data.find(b"\r\n\r\n", self._at) >= 0
                return ends or data.startswith(b"\r\n", self._at)
            end = data.find(b"\r\n", self._at)
            if end < 0:
                return len(data) - self._at > _LINE_BYTES
            line = _CHUNK_LINE.fullmatch(data, self._at, end)
            if line is None:
                return True
            size = int(line[1], 16)
            if not size:
                self._at, self._trailers = end + 2, True
                continue
            after = end + 2 + size
            if len(data) < after + 2:
                return False
            if not data.startswith(b"\r\n", after):
                return True
            self._at = after + 2


def _ends_with_chunked(values: list[bytes]) -> bool:
    """Return whether gunicorn accepts these values of Transfer-Encoding."""
    codings = [coding.strip(b" \t") for value in values for coding in value.split(b",")]
    return codings[-1:] == [b"chunked"] and _OTHER_CODINGS.issuperset(codings[:-1])
