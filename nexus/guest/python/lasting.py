"""Makes objects of a guest immortal, at the addresses that it writes while it is set up.

The guest's `nexus_lasting.py` says why.
"""

from __future__ import annotations

from typing import Final

from nexus.guest.preview1 import errno
from nexus.guest.preview1.descriptors import CappedOutput
from nexus.guest.preview1.errno import Refused
from nexus.plugin_api.engine import EngineInstance
from nexus.plugin_api.guest import Run

MARK: Final = 5
"""the first byte of a message with addresses"""
IMMORTAL: Final = 0x3FFFFFFF
"""the reference count of immortal objects in CPython 3.12 on 32-bit machines"""


class SetUpOutput(CappedOutput):
    """Stdout of a guest that is set up."""

    def __init__(self, run: Run, limit_bytes: int, instance: EngineInstance) -> None:
        super().__init__(run, limit_bytes)
        self._instance = instance

    def write(self, content: memoryview) -> None:
        if content and content[0] == MARK:
            _make_immortal(self._instance.memory(), content[1:])
        else:
            super().write(content)


def _make_immortal(memory: memoryview, addresses: memoryview) -> None:
    """Set the counts of the objects at *addresses*, which the guest may have made up: whatever is
    there, it is in its own memory.

    Raises: Refused(INVAL) for an address outside of the memory.
    """
    try:
        words = memory.cast("B").cast("I")
        for address in addresses.cast("I"):
            words[address >> 2] = IMMORTAL
    except (IndexError, TypeError) as error:
        raise Refused(errno.INVAL) from error
