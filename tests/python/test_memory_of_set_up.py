"""What setting a Python handler up leaves in its process: nothing."""

from __future__ import annotations

import gc

from tests.scripts.test_memory_of_set_up import RESERVED_BYTES, address_space

from .support import Pythons


def test_instances_go_with_their_set_up(python: Pythons) -> None:
    """An instance that stays keeps CPython's code, too: 190 MB with wasmer."""
    source = "def fetch(request, env, ctx): return '%d'"
    python.handler(source % 0)
    gc.collect()
    before = address_space()
    for number in range(1, 4):
        python.handler(source % number)
    gc.collect()
    assert address_space() - before < RESERVED_BYTES
