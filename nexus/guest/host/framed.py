"""Answers with a head: a status (one signed byte) and a length (four bytes, little-endian)."""

from __future__ import annotations

import struct
from typing import Final

from nexus.guest.preview1.descriptors import FD_READ, FD_WRITE, Descriptor

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
