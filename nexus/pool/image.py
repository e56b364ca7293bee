"""A snapshot's memory as a sealed memfd, which all instances of a process map."""

from __future__ import annotations

import fcntl
import mmap
import os
from collections.abc import Iterator

from nexus.model import Snapshot

_PAGE_BYTES = mmap.PAGESIZE
_SEALS = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SEAL


class SnapshotImage:
    """A memfd with a snapshot's memory. Its seals forbid every change, even to its length."""

    def __init__(self, memory: bytes | memoryview) -> None:
        """Raises: OSError where the kernel has no memfd, or no room for it."""
        self.fd = os.memfd_create("nexus-snapshot", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        try:
            os.ftruncate(self.fd, len(memory))
            for start, end in _filled(memory):
                _write(self.fd, memoryview(memory)[start:end], start)
            fcntl.fcntl(self.fd, fcntl.F_ADD_SEALS, _SEALS)
            mapped = mmap.mmap(self.fd, len(memory), mmap.MAP_PRIVATE, mmap.PROT_READ)
        except BaseException:
            os.close(self.fd)
            raise
        self.view = memoryview(mapped)

    def __del__(self) -> None:
        fd = self.__dict__.get("fd")
        if fd is not None and "view" in self.__dict__:
            os.close(fd)


def _filled(memory: bytes | memoryview) -> Iterator[tuple[int, int]]:
    """Yield the ranges of whole pages that are not zero: others take no memory in the file."""
    zeros, size, start = bytes(_PAGE_BYTES), len(memory), -1
    for page in range(0, size, _PAGE_BYTES):
        # Compared as bytes, by memcmp; views are compared one byte after another.
        is_zero = bytes(memory[page : page + _PAGE_BYTES]) == zeros
        if not is_zero and start < 0:
            start = page
        elif is_zero and start >= 0:
            yield start, page
            start = -1
    if start >= 0:
        yield start, size


def _write(fd: int, content: memoryview, offset: int) -> None:
    while content:
        written = os.pwrite(fd, content, offset)
        content, offset = content[written:], offset + written


def shared(snapshot: Snapshot) -> Snapshot:
    """Return *snapshot* with its memory in an image that instances can map; unchanged if it has no
    memory or no image can be made."""
    if not snapshot.memory or snapshot.image is not None:
        return snapshot
    try:
        image = SnapshotImage(snapshot.memory)
    except (OSError, AttributeError):  # for example not Linux: instances are copied
        return snapshot
    return Snapshot(image.view, snapshot.globals, image)
