"""A waiting guest, as bytes: between calls a language runtime keeps all its state in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from nexus.guest.host.services import Services
from nexus.model import Snapshot
from nexus.plugin_api.engine import EngineInstance

_PAGE_BYTES: Final = 4096
_OVERHEAD_BYTES: Final = 64
"""added for each page kept: two Python objects"""


@dataclass(frozen=True)
class Image:
    """The differences between a guest and the snapshot that it began from."""

    memory_bytes: int
    pages: tuple[tuple[int, bytes], ...]
    """(address, content) of each page that differs"""
    globals: tuple[Any, ...]
    services: Services
    """the host's side of the same execution"""

    def size_bytes(self) -> int:
        """Return roughly how much memory the image takes."""
        return sum(len(content) + _OVERHEAD_BYTES for _, content in self.pages)


def take(
    instance: EngineInstance,
    snapshot: Snapshot,
    services: Services,
    written: Sequence[tuple[int, int]] | None,
) -> Image:
    """Return the image of *instance*, which began at *snapshot*.

    *written*: the ranges, in whole pages, where its memory may differ; None if it may anywhere.
    """
    memory, before = instance.memory(), snapshot.memory
    if written is None:
        written = [(0, len(before))]
    if len(memory) > len(before):
        written = [*written, (len(before), len(memory))]
    zeros = bytes(_PAGE_BYTES)
    pages = []
    for first, last in written:
        for start in range(first, last, _PAGE_BYTES):
            end = start + _PAGE_BYTES
            # Pages are compared as bytes, by memcmp; views are compared one byte after another.
            page = bytes(memory[start:end])
            if page != (bytes(before[start:end]) if start < len(before) else zeros):
                pages.append((start, page))
    return Image(len(memory), tuple(pages), instance.read_globals(), services)


def put(instance: EngineInstance, image: Image) -> None:
    """Bring *instance*, which is at the snapshot, to the state in *image*.

    Raises: MemoryLimit.
    """
    instance.grow_memory(image.memory_bytes)
    memory = instance.memory()
    for start, content in image.pages:
        memory[start : start + len(content)] = content
    instance.write_globals(image.globals)
