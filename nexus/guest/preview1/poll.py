"""poll_oneoff: sleep, or ask which of stdin, stdout and stderr are ready (they always are)."""

from __future__ import annotations

import struct
import time
from typing import Final, NamedTuple

from nexus.guest.preview1 import errno
from nexus.guest.preview1.clocks import CPU_CLOCKS, RESOLUTION_NS, exact_time_ns
from nexus.guest.preview1.descriptors import FD_READ, FD_WRITE
from nexus.guest.preview1.errno import Refused
from nexus.guest.preview1.process import Process

_SUBSCRIPTION_BYTES: Final = 48
_HEAD: Final = struct.Struct("<Q B 7x")  # userdata, event type
_CLOCK: Final = struct.Struct("<I 4x Q Q H 6x")  # id, timeout, precision, flags
_FD: Final = struct.Struct("<I")
_EVENT: Final = struct.Struct("<Q H B 5x Q H 6x")  # userdata, error, type, bytes, flags

_ON_CLOCK, _ON_READ, _ON_WRITE = 0, 1, 2
_ABSOLUTE: Final = 1
_HANGUP: Final = 1
_MAX_SUBSCRIPTIONS: Final = 1024  # more are INVAL; a guest has three descriptors and a few timers
_WAIT_S: Final = 0.01  # how late a sleeping guest may notice that it was cancelled


class _Timer(NamedTuple):
    userdata: int
    due_ns: int
    """due time on the clock of `time.monotonic_ns()`"""


def poll_oneoff(process: Process, subscriptions: int, events: int, count: int, result: int) -> int:
    if not 0 < count <= _MAX_SUBSCRIPTIONS:
        return errno.INVAL
    memory = process.memory
    # A copy: the guest may let both tables overlap.
    table = bytes(memory.view(subscriptions, count * _SUBSCRIPTION_BYTES))
    memory.view(events, count * _EVENT.size)
    memory.view(result, 4)
    timers, ready = _sort(process, table)
    if timers:
        if not ready and not _sleep_until(process, min(timer.due_ns for timer in timers)):
            return errno.INTR
        now_ns = time.monotonic_ns()
        ready += [
            _EVENT.pack(timer.userdata, errno.SUCCESS, _ON_CLOCK, 0, 0)
            for timer in timers
            if timer.due_ns <= now_ns
        ]
    memory.write(events, b"".join(ready))
    memory.write_u32(result, len(ready))
    return errno.SUCCESS


def _sort(process: Process, table: bytes) -> tuple[list[_Timer], list[bytes]]:
    """Split the subscriptions into timers still running and events to report at once."""
    timers: list[_Timer] = []
    ready: list[bytes] = []
    for start in range(0, len(table), _SUBSCRIPTION_BYTES):
        userdata, kind = _HEAD.unpack_from(table, start)
        body = start + _HEAD.size
        try:
            if kind == _ON_CLOCK:
                timers.append(_Timer(userdata, _due_ns(*_CLOCK.unpack_from(table, body))))
            else:
                (fd,) = _FD.unpack_from(table, body)
                ready.append(_fd_event(process, userdata, kind, fd))
        except Refused as refused:
            ready.append(_EVENT.pack(userdata, refused.errno, kind, 0, 0))
    return timers, ready


def _fd_event(process: Process, userdata: int, kind: int, fd: int) -> bytes:
    if kind not in (_ON_READ, _ON_WRITE):
        raise Refused(errno.INVAL)
    descriptor = process.descriptor(fd)
    if not descriptor.rights & (FD_READ if kind == _ON_READ else FD_WRITE):
        raise Refused(errno.NOTCAPABLE)
    flags = _HANGUP if kind == _ON_READ and descriptor.at_end() else 0
    return _EVENT.pack(userdata, errno.SUCCESS, kind, descriptor.ready_bytes(), flags)


def _due_ns(clock: int, timeout_ns: int, precision_ns: int, flags: int) -> int:
    if flags & ~_ABSOLUTE:
        raise Refused(errno.INVAL)
    if clock in CPU_CLOCKS:
        raise Refused(errno.NOTSUP)  # a CPU clock stands still while the guest sleeps
    now_ns = exact_time_ns(clock)
    due_ns = timeout_ns if flags & _ABSOLUTE else now_ns + timeout_ns
    # Round up to the next tick, so that the guest's coarse clock shows the due time on waking.
    due_ns += -due_ns % RESOLUTION_NS
    return time.monotonic_ns() + due_ns - now_ns


def _sleep_until(process: Process, due_ns: int) -> bool:
    """Sleep without the GIL. Return False if the run must end before *due_ns*."""
    process.run.give_way()
    while True:
        left_s = (due_ns - time.monotonic_ns()) / 1e9
        if left_s <= 0:
            return True
        if process.out_of_time():
            return False
        left_to_deadline_s = process.run.deadline - time.monotonic()
        time.sleep(max(0.0, min(left_s, left_to_deadline_s, _WAIT_S)))
