"""Guest memory for host functions, which check every access and trust no pointer."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Final

from nexus.guest.preview1 import errno
from nexus.guest.preview1.errno import Refused
from nexus.plugin_api.engine import EngineInstance

U32: Final = struct.Struct("<I")
U64: Final = struct.Struct("<Q")
_IOVEC: Final = struct.Struct("<II")
_MAX_IOVECS: Final = 1024  # more are INVAL; IOV_MAX of POSIX systems, bounds the loop of one call
_EMPTY: Final = memoryview(bytearray())  # writable: a guest may write zero bytes
_MASK: Final = 0xFFFFFFFF  # engines pass i32 signed


class GuestMemory:
    """The linear memory of the instance that was bound last.

    The first access takes a view of the memory; an access beyond that view takes a new one, since
    the guest may have grown its memory. Growing never moves or shortens a memory.
    """

    __slots__ = ("_instance", "_size", "_view")

    def __init__(self) -> None:
        self._instance: EngineInstance | None = None
        self._view = _EMPTY
        self._size = 0

    def bind(self, instance: EngineInstance | None) -> None:
        """Serve *instance* from now on; None drops the last one."""
        self._instance = instance
        self._view = _EMPTY
        self._size = 0

    def view(self, pointer: int, length: int) -> memoryview:
        """Return a view of *length* bytes at *pointer*, two numbers from the guest.

        Raises: Refused(FAULT) if the bytes lie outside the memory.
        """
        start = pointer & _MASK
        end = start + (length & _MASK)
        if end > self._size:
            self._take_anew(end)
        return self._view[start:end]

    def _take_anew(self, end: int) -> None:
        if self._instance is not None:
            self._view = self._instance.memory()
            self._size = len(self._view)
        if end > self._size:
            raise Refused(errno.FAULT)

    def write(self, pointer: int, content: bytes) -> None:
        """Write *content* at *pointer*. Raises: Refused(FAULT)."""
        self.view(pointer, len(content))[:] = content

    def write_u32(self, pointer: int, value: int) -> None:
        """Write *value* in 32 bits. Raises: Refused(FAULT)."""
        start = pointer & _MASK
        if start + 4 > self._size:
            self._take_anew(start + 4)
        U32.pack_into(self._view, start, value)

    def write_u64(self, pointer: int, value: int) -> None:
        """Write the low 64 bits of *value*.

        Raises: Refused(FAULT).
        """
        start = pointer & _MASK
        if start + 8 > self._size:
            self._take_anew(start + 8)
        U64.pack_into(self._view, start, value & 0xFFFFFFFFFFFFFFFF)

    def buffer(self, iovec: int) -> memoryview:
        """Return the buffer that the one iovec at *iovec* describes.

        Raises: Refused(FAULT).
        """
        start = iovec & _MASK
        if start + 8 > self._size:
            self._take_anew(start + 8)
        pointer, length = _IOVEC.unpack_from(self._view, start)
        end = pointer + length
        if end > self._size:
            self._take_anew(end)
        return self._view[pointer:end]

    def buffers(self, iovecs: int, count: int) -> list[memoryview]:
        """Return the buffers that *count* iovecs at *iovecs* describe.

        Raises: Refused(FAULT), or Refused(INVAL) for too many iovecs, or if their lengths add up to
        more than the memory: overlapping buffers could make one host call last for minutes.
        """
        count &= _MASK
        table = self.view(iovecs, min(count * _IOVEC.size, _MASK))
        if count > _MAX_IOVECS:
            raise Refused(errno.INVAL)
        found = [self.view(pointer, length) for pointer, length in _IOVEC.iter_unpack(table)]
        if sum(map(len, found)) > self._size:
            raise Refused(errno.INVAL)
        return found


def fill(buffers: Sequence[memoryview], content: bytes) -> None:
    """Copy *content* into *buffers*, one after another; it may be shorter than all of them."""
    start = 0
    for buffer in buffers:
        if start >= len(content):
            break
        part = content[start : start + len(buffer)]
        buffer[: len(part)] = part
        start += len(part)
