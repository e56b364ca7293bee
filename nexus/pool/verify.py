"""Compares an instance with its snapshot, for the setting `verify_resets`."""

from __future__ import annotations

from nexus.model import Snapshot
from nexus.plugin_api.engine import EngineInstance

_BLOCK_BYTES = 65536
"""blocks are compared as bytes, by memcmp; views are compared one byte after another"""


def difference(instance: EngineInstance, snapshot: Snapshot) -> str | None:
    """Return what differs first between *instance* and *snapshot*; None: they are the same."""
    memory, before = instance.memory(), memoryview(snapshot.memory)
    if len(memory) != len(before):
        return f"the memory has {len(memory)} bytes, the snapshot {len(before)}"
    for start in range(0, len(before), _BLOCK_BYTES):
        end = start + _BLOCK_BYTES
        found, expected = bytes(memory[start:end]), bytes(before[start:end])
        if found != expected:
            at = next(i for i, byte in enumerate(found) if byte != expected[i])
            return f"the byte at {start + at:#x} is {found[at]}, in the snapshot {expected[at]}"
    globals_ = instance.read_globals()
    if tuple(globals_) != tuple(snapshot.globals):
        return f"the globals are {globals_}, in the snapshot {snapshot.globals}"
    return None
