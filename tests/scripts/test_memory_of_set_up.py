"""What setting a handler up leaves in its process: nothing."""

from __future__ import annotations

import gc
import resource
from pathlib import Path

from .support import Scripts

RESERVED_BYTES = 4 << 30
"""what an engine reserves at least for the memory of one instance"""


def address_space() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    return pages * resource.getpagesize()


def test_instances_go_with_their_set_up(scripts: Scripts) -> None:
    """wasmer's own references are beyond Python's garbage collector: none may go round."""
    source = "export default () => new Response('%d')"
    scripts.handler(source % 0)
    gc.collect()
    before = address_space()
    for number in range(1, 6):
        scripts.handler(source % number)
    gc.collect()
    assert address_space() - before < RESERVED_BYTES
