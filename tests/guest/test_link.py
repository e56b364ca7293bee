"""The edge between guest and host: whatever a guest passes, it gets a number back."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nexus.errors import DeadlineExceeded, GuestError, InternalError, ResourceLimit
from nexus.guest.preview1 import errno
from nexus.guest.preview1.link import IMPLEMENTATIONS
from nexus.guest.preview1.signatures import SIGNATURES
from nexus.guest.wasi.guest import WasiGuest
from nexus.model import Command, Context, FuncType, Limits

from .support import PAGE_BYTES, Host, LocalRun, ask, perform

HOSTILE = {
    "i32": [0, 1, 3, -1, -8, 1 << 30, 2**31 - 1, -(2**31), PAGE_BYTES - 1, PAGE_BYTES - 8],
    "i64": [0, 1, -1, 2**63 - 1, -(2**63)],
}


def test_every_function_is_implemented() -> None:
    assert IMPLEMENTATIONS.keys() == SIGNATURES.keys()


def combinations(type: FuncType) -> list[tuple[int, ...]]:
    """Return every hostile value at every position, and many mixtures."""
    mixture = random.Random(0)
    rows = [tuple(HOSTILE[kind][n % len(HOSTILE[kind])] for kind in type.params) for n in range(10)]
    rows += [tuple(mixture.choice(HOSTILE[kind]) for kind in type.params) for _ in range(200)]
    return rows


@pytest.mark.parametrize("name", SIGNATURES)
@pytest.mark.parametrize("memory_bytes", [0, PAGE_BYTES])
def test_hostile_arguments_give_a_number(name: str, memory_bytes: int) -> None:
    # Stopped from the start it would do nothing; without time it does not sleep.
    run = LocalRun(Limits(max_host_calls=10**6), timeout_s=0)
    numbers: set[Any] = set()

    def script(host: Host) -> None:
        host.memory[:] = b"\xff" * len(host.memory)
        for arguments in combinations(SIGNATURES[name]):
            numbers.add(getattr(host, name)(*arguments))

    def perform_it() -> None:
        perform(script, Context(b"1" * 100), run=run, memory_bytes=memory_bytes)

    with pytest.raises(GuestError):
        perform_it()
    assert not isinstance(run.stopped, InternalError)
    if name == "proc_exit":
        assert numbers == {None}
    else:
        assert all(type(number) is int and 0 <= number <= 76 for number in numbers)


i32 = st.one_of(
    st.sampled_from(HOSTILE["i32"]), st.integers(-(2**31), 2**31 - 1), st.integers(0, 256)
)
i64 = st.one_of(st.sampled_from(HOSTILE["i64"]), st.integers(-(2**63), 2**63 - 1))


@st.composite
def calls(draw: st.DrawFn) -> tuple[str, tuple[int, ...]]:
    name = draw(st.sampled_from(sorted(SIGNATURES.keys() - {"proc_exit", "proc_raise"})))
    kinds = SIGNATURES[name].params
    return name, tuple(draw(i32 if kind == "i32" else i64) for kind in kinds)


@settings(deadline=None, max_examples=150)
@given(st.lists(calls(), max_size=20), st.binary(max_size=512))
def test_no_sequence_of_calls_is_our_fault(
    sequence: list[tuple[str, tuple[int, ...]]], content: bytes
) -> None:
    run = LocalRun(timeout_s=0)

    def script(host: Host) -> None:
        host.memory[: len(content)] = content
        for name, arguments in sequence:
            assert 0 <= getattr(host, name)(*arguments) <= 76
            # Long calls meet the deadline at once, which ends a run; this one goes on.
            assert run.stopped is None or isinstance(run.stopped, DeadlineExceeded)
            run.stopped = None

    command = Command(
        ("a",), {"b": "c"}, lambda n: b"x" * min(n, 9), lambda _: None, lambda _: None
    )
    assert perform(script, command, run=run) == 0


def test_every_call_is_counted_and_the_limit_holds() -> None:
    run = LocalRun(Limits(max_host_calls=3))

    def script(host: Host) -> None:
        assert [host.sched_yield() for _ in range(5)] == [0, 0, 0, errno.CANCELED, errno.CANCELED]

    with pytest.raises(ResourceLimit, match="more than 3 host calls; the last was sched_yield"):
        perform(script, run=run)
    assert run.usage.host_calls == 5


def test_reading_a_clock_is_no_call_that_counts() -> None:
    run = LocalRun(Limits(max_host_calls=3))

    def script(host: Host) -> None:
        for _ in range(50):
            assert host.clock_time_get(0, 0, 64) == 0
        assert [host.sched_yield() for _ in range(3)] == [0, 0, 0]

    command = Command(("a",), {}, lambda n: b"", lambda _: None, lambda _: None)
    assert perform(script, command, run=run) == 0
    assert (run.usage.host_calls, run.usage.calls["clock_time_get"]) == (3, 50)


def test_our_own_failure_ends_the_guest_and_keeps_its_cause() -> None:
    def fail(_: bytes) -> None:
        raise ZeroDivisionError("ours")

    def script(host: Host) -> None:
        assert host.print(b"x") == errno.IO
        assert host.print(b"y") == errno.CANCELED

    with pytest.raises(InternalError, match="fd_write") as caught:
        perform(script, Command((), {}, lambda _: b"", fail, fail))
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_an_interrupt_during_a_host_call_is_not_lost() -> None:
    def interrupt(_: bytes) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        perform(lambda host: host.print(b"x"), Command((), {}, lambda _: b"", interrupt, interrupt))


@pytest.mark.parametrize("name", SIGNATURES)
def test_between_two_executions_nothing_can_be_done(name: str) -> None:
    guest = WasiGuest()
    hosts: list[Host] = []

    def script(host: Host) -> None:
        hosts.append(host)
        host.print(b"1")

    run = LocalRun()
    perform(script, guest=guest, run=run)
    [host] = hosts
    before = bytes(host.memory)
    result = getattr(host, name)(*[0] * len(SIGNATURES[name].params))
    assert result == (None if name == "proc_exit" else errno.CANCELED)
    assert host.memory == before
    assert run.usage.host_calls == 1


def test_an_answer_after_a_failed_one_is_clean() -> None:
    guest = WasiGuest()
    with pytest.raises(ZeroDivisionError):
        perform(lambda host: 1 / 0, guest=guest)
    assert ask(lambda host: host.sched_yield(), guest=guest) == errno.SUCCESS
