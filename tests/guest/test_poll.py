from __future__ import annotations

import struct
import threading
import time

import pytest

from nexus.errors import DeadlineExceeded
from nexus.guest.preview1 import errno
from nexus.model import Context

from .support import Host, LocalRun, ask, perform

MS = 1_000_000
CLOCK, READ, WRITE = range(3)


def clock(userdata: int, timeout_ns: int, *, id: int = 1, flags: int = 0) -> bytes:
    return struct.pack("<QB7xI4xQQH6x", userdata, CLOCK, id, timeout_ns, 0, flags)


def on_fd(userdata: int, kind: int, fd: int) -> bytes:
    return struct.pack("<QB7xI28x", userdata, kind, fd)


def poll(host: Host, *subscriptions: bytes) -> list[tuple[int, ...]]:
    """Return (userdata, error, type, bytes, flags) of each event."""
    table = b"".join(subscriptions)
    host.memory[1024 : 1024 + len(table)] = table
    assert host.poll_oneoff(1024, 4096, len(subscriptions), 8) == errno.SUCCESS
    return [
        struct.unpack_from("<QHB5xQH6x", host.memory, 4096 + 32 * index)
        for index in range(host.u32(8))
    ]


def monotonic_ns(host: Host) -> int:
    assert host.clock_time_get(1, 0, 64) == errno.SUCCESS
    return host.u64(64)


def test_sleeping_takes_as_long_as_asked() -> None:
    def question(host: Host) -> tuple[list[tuple[int, ...]], int, int]:
        before_ns, exact_ns = monotonic_ns(host), time.monotonic_ns()
        events = poll(host, clock(7, 25 * MS + 1))
        return events, monotonic_ns(host) - before_ns, time.monotonic_ns() - exact_ns

    events, by_guest_ns, exact_ns = ask(question)
    assert events == [(7, errno.SUCCESS, CLOCK, 0, 0)]
    assert by_guest_ns >= 25 * MS + 1
    assert exact_ns >= 25 * MS + 1


def test_an_absolute_time_has_come_when_the_sleep_ends() -> None:
    def question(host: Host) -> bool:
        due_ns = monotonic_ns(host) + 3 * MS + 500
        assert poll(host, clock(1, due_ns, flags=1)) == [(1, 0, CLOCK, 0, 0)]
        return monotonic_ns(host) >= due_ns

    assert ask(question)


@pytest.mark.parametrize("id", [0, 1])
def test_a_time_in_the_past_is_due_at_once(id: int) -> None:
    assert ask(lambda host: poll(host, clock(1, 0, id=id, flags=1))) == [(1, 0, CLOCK, 0, 0)]


def test_the_earliest_timer_wins() -> None:
    def question(host: Host) -> list[tuple[int, ...]]:
        return poll(host, clock(1, 2**64 - 1), clock(2, MS), clock(3, 60_000 * MS))

    assert [event[0] for event in ask(question)] == [2]


def test_ready_descriptors_do_not_wait_for_timers() -> None:
    def question(host: Host) -> list[tuple[int, ...]]:
        return poll(host, clock(1, 2**64 - 1), on_fd(2, READ, 0), on_fd(3, WRITE, 2))

    events = ask(question, task=Context(b"12345"))
    assert [event[:3] for event in events] == [(2, 0, READ), (3, 0, WRITE)]
    assert events[0][3:] == (5, 0)


def test_the_end_of_stdin_is_a_hangup() -> None:
    def question(host: Host) -> list[tuple[int, ...]]:
        host.fd_read(0, host.put(0, 16, 64), 1, 8)
        return poll(host, on_fd(1, READ, 0))

    events = ask(question, task=Context(b"12345"))
    assert events == [(1, errno.SUCCESS, READ, 0, 1)]


def test_wrong_subscriptions_are_events_with_an_error() -> None:
    def question(host: Host) -> list[tuple[int, ...]]:
        return poll(
            host,
            on_fd(1, READ, 9),
            on_fd(2, READ, 1),
            on_fd(3, WRITE, 0),
            on_fd(4, 77, 0),
            clock(5, 0, id=2),
            clock(6, 0, id=99),
            clock(7, 0, flags=2),
        )

    assert [event[:2] for event in ask(question)] == [
        (1, errno.BADF),
        (2, errno.NOTCAPABLE),
        (3, errno.NOTCAPABLE),
        (4, errno.INVAL),
        (5, errno.NOTSUP),
        (6, errno.INVAL),
        (7, errno.INVAL),
    ]


@pytest.mark.parametrize("count", [0, -1, 1025])
def test_the_number_of_subscriptions_is_bounded(count: int) -> None:
    assert ask(lambda host: host.poll_oneoff(0, 0, count, 8)) == errno.INVAL


def test_both_tables_may_overlap() -> None:
    def question(host: Host) -> list[int]:
        host.memory[1024:1120] = clock(1, 0) + clock(2, 0)
        assert host.poll_oneoff(1024, 1024, 2, 8) == errno.SUCCESS
        return [host.u64(1024), host.u64(1056)]

    assert ask(question) == [1, 2]


def test_a_sleep_ends_at_the_deadline() -> None:
    run = LocalRun(timeout_s=0.03)

    def script(host: Host) -> None:
        host.memory[1024:1072] = clock(1, 3_600_000 * MS)
        assert host.poll_oneoff(1024, 4096, 1, 8) == errno.INTR
        assert time.monotonic() >= run.deadline

    with pytest.raises(DeadlineExceeded):  # although the guest ends before any checkpoint
        perform(script, run=run)


def test_a_sleep_ends_when_the_run_is_stopped() -> None:
    run = LocalRun(timeout_s=3600)
    asleep = threading.Event()

    def cancel() -> None:
        asleep.wait()
        run.stop(DeadlineExceeded("enough"))

    def script(host: Host) -> None:
        host.memory[1024:1072] = clock(1, 3_600_000 * MS)
        asleep.set()
        assert host.poll_oneoff(1024, 4096, 1, 8) == errno.INTR

    watchdog = threading.Thread(target=cancel)
    watchdog.start()
    with pytest.raises(DeadlineExceeded):
        perform(script, run=run)
    watchdog.join()
