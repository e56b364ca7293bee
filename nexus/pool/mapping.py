"""Resets an instance's memory by copying only the pages written (`docs/facts.md`, fact 28).

The snapshot's image is mapped over the linear memory, private to the instance, which shares the
pages it does not write. The kernel copies a page at its first write; such a page is then *present
and no longer a file page*, or swapped, in `/proc/self/pagemap`
(https://www.kernel.org/doc/html/latest/admin-guide/mm/pagemap.html). A reset copies those pages
back and leaves them private, so the next write does not fault. The entries are read only after a
page fault of the thread, since the first write to a page is one (`faults.py`); they are mostly the
same even then, so the list of pages is made anew only when they differ.
"""

from __future__ import annotations

import ctypes
import logging
import mmap
import os
from functools import lru_cache

from nexus.model import MemoryImage
from nexus.pool.faults import FaultCounter, counts_first_writes
from nexus.pool.image import PAGE_BYTES, SnapshotImage

log = logging.getLogger("nexus.pool")

SMALLEST_BYTES = 256 << 10
"""Smaller memories are copied whole: that is as fast as finding the pages written"""
MOST_PRIVATE = 0.5
"""Share of private pages; beyond it the mapping is made anew, as each reset copies all of them"""

_PRESENT, _SWAPPED, _FILE = 1 << 63, 1 << 62, 1 << 61

# A call through PyDLL keeps the GIL: in a busy server, getting it back would take longer than the
# call. It is short and never waits for a disk.
_libc = ctypes.PyDLL(None, use_errno=True)
_libc.pread.restype = ctypes.c_ssize_t
_libc.pread.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_long]


class Mapping:
    """One instance's linear memory, mapped from an image. Used by the instance's thread."""

    __slots__ = (
        *("_address", "_copies", "_counter", "_entries", "_faults", "_image", "_known"),
        *("_memory", "_pagemap", "_pages", "_private", "_runs"),
    )

    def __init__(self, image: MemoryImage, memory: memoryview) -> None:
        """Map *image* over *memory*, which has the same length. *memory* must not move.

        Raises: OSError if mapping fails; the memory may then have parts of the image.
        """
        self._image, self._memory = image, memory
        self._address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
        self._pages = len(memory) // PAGE_BYTES
        self._pagemap = _pagemap(os.getpid())
        self._entries = ctypes.create_string_buffer(8 * self._pages)
        self._counter = FaultCounter() if counts_first_writes(os.getpid()) else None
        self._map()

    def _map(self) -> None:
        if self._address % PAGE_BYTES:
            raise OSError("the memory does not begin at a page")
        self._image.map_at(self._address, len(self._memory))
        self._known = b""
        self._faults: int | None = None
        """the thread's page faults before the last look; None: nobody has looked, or counts them"""
        self._runs: list[tuple[int, int]] = []
        self._copies: list[tuple[memoryview, memoryview]] = []
        """each run of pages, in the memory and in the image: slicing takes longer than copying"""
        self._private = 0

    def reset(self) -> None:
        """Copy the written pages back. Raises: OSError."""
        self._look()
        if self._private > MOST_PRIVATE * self._pages:
            self._map()
            return
        for target, source in self._copies:
            target[:] = source

    def written(self) -> list[tuple[int, int]]:
        """Return where the memory may differ from the image: (start, end) in bytes.

        Raises: OSError.
        """
        self._look()
        return self._runs

    def private_bytes(self) -> int:
        """Return how many bytes were private to the instance at the last look."""
        return self._private * PAGE_BYTES

    def _look(self) -> None:
        """Read the pages' entries if a page may have been written for the first time; update
        `_runs`."""
        faults = None if self._counter is None else self._counter.read()
        if faults is not None and faults == self._faults:
            return
        size = 8 * self._pages
        offset = self._address // PAGE_BYTES * 8
        if _libc.pread(self._pagemap, self._entries, size, offset) != size:
            raise OSError(ctypes.get_errno(), "the pagemap cannot be read")
        self._faults = faults  # from before: what faults during the look is looked at next time
        entries = self._entries.raw
        if entries == self._known:
            return
        self._known = entries
        runs: list[tuple[int, int]] = []
        start, private = -1, 0
        for page, entry in enumerate(memoryview(entries).cast("Q")):
            if entry & _SWAPPED or (entry & _PRESENT and not entry & _FILE):
                private += 1
                if start < 0:
                    start = page
            elif start >= 0:
                runs.append((start * PAGE_BYTES, page * PAGE_BYTES))
                start = -1
        if start >= 0:
            runs.append((start * PAGE_BYTES, self._pages * PAGE_BYTES))
        memory, image = self._memory, self._image.view
        self._copies = [(memory[start:end], image[start:end]) for start, end in runs]
        self._runs, self._private = runs, private


def map_over(image: MemoryImage | None, memory: memoryview) -> Mapping | None:
    """Map *image* over *memory*. Return None if that does not pay or fails: the caller must then
    copy it."""
    if image is None or len(memory) < SMALLEST_BYTES or not can_map(os.getpid()):
        return None
    if len(image.view) != len(memory):
        return None
    try:
        return Mapping(image, memory)
    except OSError as error:
        log.warning("each reset copies the whole snapshot; mapping it failed: %s", error)
        return None


@lru_cache(maxsize=1)
def can_map(process: int) -> bool:
    """Return whether this *process* can find the pages written; tries it once."""
    try:
        image = SnapshotImage(bytes(4 * PAGE_BYTES))
        region = mmap.mmap(-1, 4 * PAGE_BYTES)
        tried = Mapping(image, memoryview(region))
        _ = region[0]  # reads the page without writing it
        region[2 * PAGE_BYTES] = 1
        return tried.written() == [(2 * PAGE_BYTES, 3 * PAGE_BYTES)]
    except (OSError, AttributeError, ValueError):  # gVisor, a hardened /proc, another kernel
        return False


def reset_way() -> str:
    """Return how this process resets instances of more than 256 KiB, for people."""
    if can_map(os.getpid()):
        return "copies the pages that were written"
    return "copies the whole memory: /proc/self/pagemap does not tell which pages were written"


@lru_cache(maxsize=1)
def _pagemap(process: int) -> int:
    """Open the pagemap of this *process*; a forked process needs its own."""
    return os.open("/proc/self/pagemap", os.O_RDONLY | os.O_CLOEXEC)
