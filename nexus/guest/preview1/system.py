"""proc_exit, proc_raise, random_get, sched_yield."""

from __future__ import annotations

import os
import time
from typing import Final

from nexus.errors import GuestTrap
from nexus.guest.preview1 import errno
from nexus.guest.preview1.exit import GuestExit
from nexus.guest.preview1.process import Process

# Bytes between two looks at the deadline; the kernel's generator takes about 0.2 ms for them.
_RANDOM_CHUNK_BYTES: Final = 64 << 10

_IGNORED: Final = {0: "none", 12: "pipe", 16: "chld", 17: "cont", 22: "urg", 27: "winch"}
_STOPPING: Final = {18: "stop", 19: "tstp", 20: "ttin", 21: "ttou"}
_LAST_SIGNAL: Final = 30


def proc_exit(process: Process, code: int) -> int:
    process.run.stop(GuestExit(code & 0xFFFFFFFF))
    return errno.SUCCESS


def proc_raise(process: Process, signal: int) -> int:
    if not 0 <= signal <= _LAST_SIGNAL:
        return errno.INVAL
    if signal in _STOPPING:
        return errno.NOTSUP  # nothing could ever continue the guest
    if signal not in _IGNORED:
        process.run.stop(GuestTrap(f"the guest raised signal {signal}"))
    return errno.SUCCESS


def random_get(process: Process, pointer: int, length: int) -> int:
    buffer = process.memory.view(pointer, length)
    for start in range(0, len(buffer), _RANDOM_CHUNK_BYTES):
        if process.out_of_time():
            return errno.INTR
        part = buffer[start : start + _RANDOM_CHUNK_BYTES]
        part[:] = os.urandom(len(part))
    return errno.SUCCESS


def sched_yield(process: Process) -> int:
    time.sleep(0)  # gives up the GIL
    return errno.SUCCESS
