"""Which runs QuickJS is interrupted in, and when."""

from __future__ import annotations

import struct
from typing import cast

import pytest

from nexus.errors import ClientLeft, CpuLimit, DeadlineExceeded, NexusError, ResourceLimit
from nexus.guest.js.structures.interruption import Interrupts
from nexus.plugin_api.engine import EngineInstance
from nexus.plugin_api.guest import Run

from .support import LocalRun


class Memory:
    """As much of an instance as an interruption needs."""

    def __init__(self) -> None:
        self.content = bytearray(b"\xff" * 32)

    def memory(self) -> memoryview:
        return memoryview(self.content)


@pytest.mark.parametrize(
    ("reason", "at"),
    [
        (DeadlineExceeded("late"), 2),
        (CpuLimit("much"), 2),
        (ResourceLimit("many"), 0),
        (ClientLeft("gone"), None),
    ],
)
def test_a_limit_interrupts(reason: NexusError, at: int | None) -> None:
    """Late ones first get two slices; then the next loop or call must throw."""
    run = LocalRun()
    run.stopped = reason
    for count in range(3):
        memory = Memory()
        instance = cast(EngineInstance, memory)
        armed = Interrupts(7, 8, 16).arm(instance, cast(Run, run), count)
        handler, counter = struct.unpack_from("<II", memory.content, 8), memory.content[16:20]
        assert armed == (at is not None)
        assert (handler == (7, 16)) == armed
        assert (counter == bytes(4)) == (at == count)
    assert not Interrupts(0, 0, 0).arm(cast(EngineInstance, Memory()), cast(Run, run), 0)
