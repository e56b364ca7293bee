"""Which words of a structure in guest memory a call changes."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Final, NamedTuple

from nexus.guest.js.interpreter import address
from nexus.plugin_api.engine import EngineInstance

STRUCTURE_BYTES: Final = 1024
"""where to look: QuickJS-NG's `JSRuntime` and `JSContext` are smaller"""


class Change(NamedTuple):
    """A word of guest memory before and after a call."""

    at: int
    before: int
    after: int


def changes(instance: EngineInstance, structure: int, call: Callable[[], object]) -> list[Change]:
    """Call *call*; return the words that changed at the start of *structure*."""
    start = address(structure)
    before = _words(instance, start)
    call()
    after = _words(instance, start)
    pairs = enumerate(zip(before, after, strict=True))
    return [Change(start + 4 * n, old, new) for n, (old, new) in pairs if old != new]


def _words(instance: EngineInstance, start: int) -> tuple[int, ...]:
    return struct.unpack_from(f"<{STRUCTURE_BYTES // 4}I", instance.memory(), start)
