"""A snapshot in memory: its content, and the room it takes."""

from __future__ import annotations

import mmap
import os

import pytest

from nexus.pool.image import SnapshotImage

PAGE = mmap.PAGESIZE


@pytest.mark.parametrize("filled", [(), (0,), (1, 2), (3,), (0, 3), (0, 1, 2, 3)])
def test_pages_of_zeros_take_no_room(filled: tuple[int, ...]) -> None:
    memory = bytearray(4 * PAGE)
    for page in filled:
        memory[(page + 1) * PAGE - 1] = page + 1  # the last byte of the page
    image = SnapshotImage(bytes(memory))
    status = os.stat(image.fd)
    assert (status.st_size, status.st_blocks * 512) == (4 * PAGE, len(filled) * PAGE)
    assert image.view == memory
