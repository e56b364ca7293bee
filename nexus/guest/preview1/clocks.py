"""clock_res_get, clock_time_get.

Every clock ticks in whole milliseconds. With a finer clock a guest could spy on caches and
neighbours by timing; to answer an HTTP request it needs no such clock (docs/security.md).
"""

from __future__ import annotations

import time
from typing import Final

from nexus.guest.preview1 import errno
from nexus.guest.preview1.errno import Refused
from nexus.guest.preview1.process import Process

REALTIME: Final = 0
MONOTONIC: Final = 1
CPU_CLOCKS: Final = (2, 3)  # process, thread: a guest has one thread
RESOLUTION_NS: Final = 1_000_000

# The monotonic clock hides the host's uptime, which identifies a machine. It is never zero, which
# Go takes for a broken clock.
_MONOTONIC_EPOCH_NS: Final = time.monotonic_ns() - 1_000_000_000


def clock_res_get(process: Process, clock: int, result: int) -> int:
    if clock not in (REALTIME, MONOTONIC, *CPU_CLOCKS):
        return errno.INVAL
    process.memory.write_u64(result, RESOLUTION_NS)
    return errno.SUCCESS


def clock_time_get(process: Process, clock: int, precision_ns: int, result: int) -> int:
    now_ns = process.cpu_ns() if clock in CPU_CLOCKS else exact_time_ns(clock)
    process.memory.write_u64(result, now_ns - now_ns % RESOLUTION_NS)
    return errno.SUCCESS


def exact_time_ns(clock: int) -> int:
    """Return the time of a wall or monotonic clock, in a resolution that guests must not see.

    Raises: Refused(INVAL) for another clock.
    """
    if clock == REALTIME:
        return time.time_ns()
    if clock == MONOTONIC:
        return time.monotonic_ns() - _MONOTONIC_EPOCH_NS
    raise Refused(errno.INVAL)
