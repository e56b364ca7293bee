"""What the snapshots of one language runtime share: the first that is kept is the others' base.

Handlers of one runtime differ in some tens of pages of its memory. So the cache keeps one whole
snapshot a runtime, and of the others only those pages, combined with the base's by exclusive or,
which leaves mostly zeros, and compressed. A worker's images share the base's memory.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Mapping

from nexus.model import Snapshot
from nexus.pool.image import PAGE_BYTES, SnapshotImage, differing_pages

LEVEL = 1
"""zlib's quickest: level 6 takes 3 times as long for a tenth less"""


class Base:
    """The memory that snapshots of one runtime lie over."""

    def __init__(self, memory: bytes | memoryview) -> None:
        self.digest = hashlib.sha256(memory).hexdigest()
        try:
            self.image: SnapshotImage | None = SnapshotImage(memory)
        except (OSError, AttributeError):  # for example not Linux
            self.image = None
        self.memory = memory if self.image is None else self.image.view

    def difference(self, memory: bytes | memoryview) -> tuple[list[int], bytes]:
        """Return which pages of *memory* differ, and what makes them of the base's, compressed."""
        pages = differing_pages(memory, memoryview(self.memory))
        numbers = sorted(pages)
        own = b"".join(pages[number] for number in numbers)
        return numbers, zlib.compress(_xor(own, self._at(numbers)), LEVEL)

    def snapshot(
        self, size: int, numbers: list[int], difference: bytes, globals_: tuple[int, ...]
    ) -> Snapshot:
        """Return the snapshot of *size* bytes with this `difference`.

        Raises: zlib.error, ValueError if it is damaged.
        """
        own = _xor(zlib.decompress(difference), self._at(numbers))
        pages = {
            number: own[place * PAGE_BYTES : (place + 1) * PAGE_BYTES]
            for place, number in enumerate(numbers)
        }
        if self.image is not None:
            try:
                image = SnapshotImage.of_pages(size, pages, self.image)
            except OSError:  # no room, or too many files
                pass
            else:
                return Snapshot(image.view, globals_, image)
        return Snapshot(_patched(self.memory, size, pages), globals_)

    def _at(self, numbers: list[int]) -> bytes:
        """Return the base's pages of these *numbers*, zeros beyond its end."""
        memory, zeros = memoryview(self.memory), bytes(PAGE_BYTES)
        return b"".join(
            bytes(memory[number * PAGE_BYTES : (number + 1) * PAGE_BYTES]) or zeros
            for number in numbers
        )


def _xor(one: bytes, other: bytes) -> bytes:
    if len(one) != len(other):
        raise ValueError("the pages are damaged")
    mixed = int.from_bytes(one, "little") ^ int.from_bytes(other, "little")
    return mixed.to_bytes(len(one), "little")


def _patched(memory: bytes | memoryview, size: int, pages: Mapping[int, bytes]) -> bytes:
    found = bytearray(memory[:size]).ljust(size, b"\0")
    for number, page in pages.items():
        found[number * PAGE_BYTES : (number + 1) * PAGE_BYTES] = page
    return bytes(found)
