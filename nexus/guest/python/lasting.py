"""Objects of a guest that the host changes, at the addresses that it writes while it is set up.

It makes objects immortal, which the guest's `nexus_lasting.py` explains, and writes new states into
generators of random numbers before each request (`nexus_random.py`).
"""

from __future__ import annotations

import os
import struct
from typing import Final

from nexus.guest.preview1 import errno
from nexus.guest.preview1.descriptors import CappedOutput
from nexus.guest.preview1.errno import Refused
from nexus.model import Handler
from nexus.plugin_api.engine import EngineInstance
from nexus.plugin_api.guest import Run

MARK: Final = 5
"""the first byte of a message with addresses"""
IMMORTAL: Final = 0x3FFFFFFF
"""the reference count of immortal objects in CPython 3.12 on 32-bit machines"""
GENERATOR: Final = 6
"""the first byte of a message with the address and the state of a generator of random numbers"""
MOST_GENERATORS: Final = 8
"""how many of them the host writes before each request, which the guest does not pay for"""

_WORDS: Final = 624
_STATE: Final = struct.Struct(f"<I{4 * _WORDS}s")
"""of a Mersenne Twister in CPython on a 32-bit machine: how many of its words are used up, and the
words (`RandomObject` in Modules/_randommodule.c)"""
_STATE_AT: Final = 8
"""offset of the state in the object, behind its count and its type"""


def write_random_states(instance: EngineInstance, handler: Handler) -> None:
    """Write new states into the generators of *handler*'s snapshot."""
    prepared = handler.compiled.prepared
    assert prepared is not None  # set-up prepares every Python handler
    addresses = prepared.entry[3:]
    if addresses:
        memory = instance.memory()
        for address in addresses:
            _STATE.pack_into(memory, address, _WORDS, os.urandom(4 * _WORDS))


class SetUpOutput(CappedOutput):
    """Stdout of a guest that is set up."""

    def __init__(self, run: Run, limit_bytes: int, instance: EngineInstance) -> None:
        super().__init__(run, limit_bytes)
        self._instance = instance
        self.states: list[int] = []
        """addresses of the states of generators of random numbers"""

    def write(self, content: memoryview) -> None:
        if content and content[0] == MARK:
            _make_immortal(self._instance.memory(), content[1:])
        elif content and content[0] == GENERATOR:
            self._keep_generator(self._instance.memory(), content[1:])
        else:
            super().write(content)

    def _keep_generator(self, memory: memoryview, content: memoryview) -> None:
        """Keep the address of a state, if *content*, which names it, shows that state, too.

        Raises: Refused(INVAL) if another state is there, as in another build of CPython.
        """
        try:
            address, *words, used = struct.unpack(f"<{_WORDS + 2}I", content)
            address += _STATE_AT
            there = _STATE.unpack_from(memory, address)
        except struct.error as error:
            raise Refused(errno.INVAL) from error
        if there != (used, struct.pack(f"<{_WORDS}I", *words)):
            raise Refused(errno.INVAL)
        if len(self.states) == MOST_GENERATORS:
            raise Refused(errno.INVAL)
        self.states.append(address)


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
