from __future__ import annotations

import pytest

from nexus.errors import DeadlineExceeded, GuestTrap
from nexus.guest.preview1 import errno
from nexus.model import Command

from .support import PAGE_BYTES, Host, LocalRun, ask, perform

QUIET = Command((), {}, lambda _: b"", lambda _: None, lambda _: None)


def test_the_first_exit_code_counts() -> None:
    def script(host: Host) -> None:
        assert host.proc_exit(3) is None
        assert host.proc_exit(4) is None
        assert host.sched_yield() == errno.CANCELED

    assert perform(script, QUIET) == 3


def test_exit_codes_are_unsigned() -> None:
    assert perform(lambda host: host.proc_exit(-1), QUIET) == 0xFFFFFFFF


@pytest.mark.parametrize("signal", [0, 12, 16, 17, 22, 27])
def test_ignored_signals(signal: int) -> None:
    assert ask(lambda host: host.proc_raise(signal)) == errno.SUCCESS


@pytest.mark.parametrize("signal", [1, 6, 9, 15, 30])
def test_deadly_signals(signal: int) -> None:
    with pytest.raises(GuestTrap, match=f"raised signal {signal}"):
        perform(lambda host: host.proc_raise(signal))


@pytest.mark.parametrize(
    ("signal", "number"), [(18, errno.NOTSUP), (31, errno.INVAL), (-1, errno.INVAL)]
)
def test_impossible_signals(signal: int, number: int) -> None:
    assert ask(lambda host: host.proc_raise(signal)) == number


def test_random_bytes_fill_the_buffer_and_no_more() -> None:
    def question(host: Host) -> bytes:
        assert host.random_get(1000, 100_000) == errno.SUCCESS
        return bytes(host.memory)

    memory = ask(question, memory_bytes=2 * PAGE_BYTES)
    assert len(set(memory[1000:101_000])) == 256
    assert not any(memory[20:1000])
    assert not any(memory[101_000:])


def test_random_bytes_stay_in_memory() -> None:
    def question(host: Host) -> tuple[int, int]:
        return host.random_get(0, -1), host.random_get(PAGE_BYTES, 0)

    assert ask(question) == (errno.FAULT, errno.SUCCESS)


def test_random_bytes_stop_at_the_deadline() -> None:
    run = LocalRun(timeout_s=0)

    def script(host: Host) -> None:
        assert host.random_get(0, PAGE_BYTES) == errno.INTR

    with pytest.raises(DeadlineExceeded):
        perform(script, run=run)


def test_yielding_succeeds() -> None:
    assert ask(lambda host: host.sched_yield()) == errno.SUCCESS
