from __future__ import annotations

import time

import pytest

from nexus.guest.preview1 import errno

from .support import Host, ask

MS = 1_000_000
REALTIME, MONOTONIC, PROCESS_CPU, THREAD_CPU = range(4)


def now_ns(host: Host, clock: int) -> int:
    assert host.clock_time_get(clock, 1, 64) == errno.SUCCESS
    return host.u64(64)


@pytest.mark.parametrize("clock", range(4))
def test_every_clock_ticks_in_milliseconds(clock: int) -> None:
    def question(host: Host) -> tuple[int, int, int]:
        return host.clock_res_get(clock, 64), host.u64(64), now_ns(host, clock) % MS

    assert ask(question) == (errno.SUCCESS, MS, 0)


@pytest.mark.parametrize("clock", [-1, 4, 1 << 30])
def test_there_is_no_other_clock(clock: int) -> None:
    def question(host: Host) -> tuple[int, int]:
        return host.clock_res_get(clock, 64), host.clock_time_get(clock, 0, 64)

    assert ask(question) == (errno.INVAL, errno.INVAL)


def test_realtime_is_the_hosts() -> None:
    before_ns = time.time_ns()
    asked_ns = ask(lambda host: now_ns(host, REALTIME))
    assert before_ns - MS < asked_ns <= time.time_ns()


def test_monotonic_time_never_goes_back_and_is_not_zero() -> None:
    def question(host: Host) -> list[int]:
        return [now_ns(host, MONOTONIC) for _ in range(100)]

    times = ask(question) + ask(question)
    assert times == sorted(times)
    assert times[0] > 0


def test_cpu_time_starts_with_the_guest() -> None:
    def question(host: Host) -> tuple[int, int]:
        first_ns = now_ns(host, THREAD_CPU)
        spun_until = time.thread_time_ns() + 3 * MS
        while time.thread_time_ns() < spun_until:
            pass
        return first_ns, now_ns(host, PROCESS_CPU)

    for _ in range(2):
        first_ns, last_ns = ask(question)
        assert first_ns == 0
        assert last_ns >= 3 * MS
