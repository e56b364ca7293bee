"""Messages with pieces of bytes, and answers with a head.

A message is a line of JSON, {sizes, …}, and the pieces of bytes whose lengths `sizes` lists. An
answer's head is a status (one signed byte) and a length (four bytes, little-endian).
"""

from __future__ import annotations

import struct
from typing import Any, Final

from nexus.guest.json_text import parse_json
from nexus.guest.preview1 import errno
from nexus.guest.preview1.descriptors import FD_READ, FD_WRITE, Descriptor
from nexus.guest.preview1.errno import Refused

_HEAD: Final = struct.Struct("<bI")


class Framed(Descriptor):
    """A descriptor that takes a message and gives one answer.

    The first read returns the whole answer, or only its head if the answer exceeds the length read.
    """

    rights = FD_READ | FD_WRITE

    def __init__(self) -> None:
        self._unread = b""

    def forget(self) -> None:
        """Drop the unread answer; another execution begins."""
        self._unread = b""

    def reply(self, status: int, content: bytes) -> None:
        """Let the next read return *content*."""
        self._unread = _HEAD.pack(status, len(content)) + content

    def read(self, length: int) -> bytes:
        unread = self._unread
        if length < len(unread):
            length = min(length, _HEAD.size)
        self._unread = unread[length:]
        return unread[:length]


def split_message(content: memoryview) -> tuple[dict[str, Any], list[bytes]]:
    """Return the fields of a message and its pieces. Raises: Refused."""
    line, _, rest = bytes(content).partition(b"\n")
    try:
        fields = parse_json(line)
        sizes = [int(size) for size in fields["sizes"]]
    except (ValueError, TypeError, LookupError) as error:
        raise Refused(errno.INVAL) from error
    pieces, start = [], 0
    for size in sizes:
        pieces.append(rest[start : start + size])
        start += size
    return fields, pieces
