"""How many frames a guest may make."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from nexus.errors import StackLimit
from nexus.model import Limits, ModuleInfo
from nexus.run import native_stack
from nexus.run.depth import Depth
from nexus.run.native_stack import RESERVE_BYTES
from tests import support

INFO = ModuleInfo((), (), 1, 1, True, (), None, False, 1, frame_bytes=100, uncounted_frames=8)
LIMITS = Limits(stack_bytes=10_000)


def test_as_many_as_fit_beside_those_that_are_not_counted() -> None:
    assert Depth(INFO).frames(support.run(limits=LIMITS)) == 92


@pytest.mark.parametrize("fits", [True, False])
def test_not_even_the_uncounted_ones_fit(fits: bool) -> None:
    run = support.run(limits=Limits(stack_bytes=800 if fits else 799))
    if fits:
        assert Depth(INFO).frames(run) == 0
        return
    with pytest.raises(StackLimit, match="frame takes 100 bytes of the stack's 799"):
        Depth(INFO).frames(run)


def test_the_threads_own_stack_bounds_it() -> None:
    """What is left of 48 MiB, whatever the handler's limit is.

    So large that glibc makes the stack anew: a thread that wants less may be given a stack of up
    to four times that, which an earlier thread left.
    """
    size = 48 << 20
    made: list[int] = []
    before = threading.stack_size(size)
    try:
        run = support.run(limits=Limits(stack_bytes=1 << 30))
        thread = threading.Thread(target=lambda: made.append(Depth(INFO).frames(run)))
        thread.start()
    finally:
        threading.stack_size(before)
    thread.join()
    assert made == [(size - RESERVE_BYTES) // 100 - 8]


@pytest.mark.parametrize(("beyond", "room"), [(4096, 4096), (0, 0), (-1, 0)])
def test_a_reserve_is_kept_of_the_stack(
    monkeypatch: pytest.MonkeyPatch, beyond: int, room: int
) -> None:
    monkeypatch.setattr(native_stack, "_stack_bytes", lambda: RESERVE_BYTES + beyond)
    assert native_stack.room_bytes() == room


def test_a_start_function_gets_what_fits_once() -> None:
    depth, run = Depth(replace(INFO, has_start=True)), support.run(limits=LIMITS)
    depth.start(run)
    assert depth.answer(run) == 92
    assert run.stopped is None
    assert depth.answer(run) == 0
    assert isinstance(run.stopped, StackLimit)


def test_after_the_start_function_nobody_gets_more() -> None:
    depth, run = Depth(INFO), support.run(limits=LIMITS)
    depth.start(run)
    depth.start(None)
    assert depth.answer(run) == 0
    assert isinstance(run.stopped, StackLimit)


def test_without_a_run_there_is_nothing_to_stop() -> None:
    assert Depth(INFO).answer(None) == 0
