"""A snapshot's memory as sealed memfds, which all instances of a process map.

Snapshots of one language runtime differ in few pages. So an image may lie over another, its base:
it has a file of its own for the pages that differ, and maps the base for all others.
"""

from __future__ import annotations

import ctypes
import fcntl
import mmap
import os
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Final

from nexus.model import Snapshot

PAGE_BYTES: Final = mmap.PAGESIZE
MOST_RUNS: Final = 24
"""How many separate ranges of its own an image may have over its base. Each makes two more mappings
of every instance, of which a process may have 65530; ranges that lie close together are joined."""

_SEALS = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SEAL
_ZEROS: Final = bytes(PAGE_BYTES)
_MAP_FIXED: Final = 0x10
_FAILED = ctypes.c_void_p(-1).value

# A call through PyDLL keeps the GIL: in a busy server, getting it back would take longer than the
# call. It is short and never waits for a disk: the pages are in memory.
_libc = ctypes.PyDLL(None, use_errno=True)
_libc.mmap.restype = ctypes.c_void_p
_libc.mmap.argtypes = [
    *(ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long)
]


class SnapshotImage:
    """A snapshot's memory. The seals of its files forbid every change, even to their length."""

    view: memoryview
    """the whole memory, read-only"""

    def __init__(self, memory: bytes | memoryview, *, over: SnapshotImage | None = None) -> None:
        """Make an image of *memory*, or of what differs in it from the image *over*.

        Raises: OSError where the kernel has no memfd, or no room for it.
        """
        pages = dict(_pages(memory, None if over is None else over.view))
        self._make(len(memory), pages, over)

    @classmethod
    def of_pages(cls, size: int, pages: Mapping[int, bytes], over: SnapshotImage) -> SnapshotImage:
        """Make an image of *size* bytes: that *over*, with other *pages* (number: content).

        Raises: OSError.
        """
        made = cls.__new__(cls)
        made._make(size, pages, over)
        return made

    def _make(self, size: int, pages: Mapping[int, bytes], over: SnapshotImage | None) -> None:
        self.keeps: object = None
        """any object that must live as long as the image"""
        self.over = over
        """keeps the base's file open"""
        base_pages = 0 if over is None else min(size, len(over.view)) // PAGE_BYTES
        if over is None:
            self._runs = [(0, size // PAGE_BYTES)] if size else []
        else:
            own = {*pages, *range(base_pages, size // PAGE_BYTES)}
            self._runs = _joined(own, MOST_RUNS)
        self.own_bytes = PAGE_BYTES * sum(end - start for start, end in self._runs)
        """how much of it is not the base's"""
        self.fd = os.memfd_create("nexus-snapshot", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        try:
            os.ftruncate(self.fd, size)
            for start, end in self._runs:
                for page in range(start, end):
                    content = pages.get(page)
                    if content is None and over is not None and page < base_pages:
                        content = bytes(over.view[page * PAGE_BYTES : (page + 1) * PAGE_BYTES])
                    if content is not None:  # other pages are zeros, which take no room
                        os.pwrite(self.fd, content, page * PAGE_BYTES)
            fcntl.fcntl(self.fd, fcntl.F_ADD_SEALS, _SEALS)
            self.view = self._map_view(size)
        except BaseException:
            os.close(self.fd)
            raise

    def _map_view(self, size: int) -> memoryview:
        if self.over is None:
            return memoryview(mmap.mmap(self.fd, size, mmap.MAP_PRIVATE, mmap.PROT_READ))
        region = mmap.mmap(-1, size, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        self.map_at(ctypes.addressof(ctypes.c_char.from_buffer(region)), size)
        return memoryview(region).toreadonly()

    def map_at(self, address: int, size: int) -> None:
        """Map the image over *size* bytes at *address*, private and writable; *size* is its own.

        Raises: OSError; parts of it may then be mapped.
        """
        over = self.over
        if over is not None:
            over.map_at(address, min(size, len(over.view)))
        for start, end in self._runs:
            end = min(end * PAGE_BYTES, size)
            start *= PAGE_BYTES
            if start < end:
                _map(address + start, end - start, self.fd, start)

    def __del__(self) -> None:
        fd = self.__dict__.get("fd")
        if fd is not None and "view" in self.__dict__:
            os.close(fd)


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


def _pages(memory: bytes | memoryview, base: memoryview | None) -> Iterable[tuple[int, bytes]]:
    """Return the pages of *memory* that are not zeros, or that differ from *base*."""
    view = memoryview(memory)
    for start in range(0, len(view), PAGE_BYTES):
        page = bytes(view[start : start + PAGE_BYTES])
        before = _ZEROS if base is None else bytes(base[start : start + PAGE_BYTES]) or _ZEROS
        if page != before:
            yield start // PAGE_BYTES, page


def differing_pages(memory: bytes | memoryview, base: memoryview) -> dict[int, bytes]:
    """Return the pages of *memory*, by number, that differ from *base*; beyond it, from zeros."""
    return dict(_pages(memory, base))


def _joined(pages: Iterable[int], most: int) -> list[tuple[int, int]]:
    """Return *pages* as up to *most* ranges (start, end), with the smallest gaps filled."""
    runs: list[tuple[int, int]] = []
    for page in sorted(pages):
        if runs and runs[-1][1] == page:
            runs[-1] = runs[-1][0], page + 1
        else:
            runs.append((page, page + 1))
    if len(runs) <= most:
        return runs
    gaps = sorted(right[0] - left[1] for left, right in pairwise(runs))
    longest = gaps[len(runs) - most - 1]
    joined = [runs[0]]
    for start, end in runs[1:]:
        if start - joined[-1][1] <= longest:
            joined[-1] = joined[-1][0], end
        else:
            joined.append((start, end))
    return joined


def _map(address: int, size: int, fd: int, offset: int) -> None:
    protection, flags = mmap.PROT_READ | mmap.PROT_WRITE, mmap.MAP_PRIVATE | _MAP_FIXED
    if _libc.mmap(address, size, protection, flags, fd, offset) == _FAILED:
        raise OSError(ctypes.get_errno(), "the snapshot cannot be mapped")
