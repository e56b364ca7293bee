"""One thread makes all calls; none can stop the others."""

from __future__ import annotations

import os
import queue
import threading

import pytest

from nexus.plugin_api.ticker import TICKER, Ticker


def test_calls_come_again_until_they_are_closed() -> None:
    made: queue.SimpleQueue[str] = queue.SimpleQueue()
    tick = Ticker().every(0.001, lambda: made.put(threading.current_thread().name))
    assert [made.get(timeout=20) for _ in range(3)] == ["nexus-ticker"] * 3
    tick.close()
    while not made.empty():
        made.get()
    with pytest.raises(queue.Empty):
        made.get(timeout=0.05)


@pytest.mark.parametrize("error", [OSError, SystemExit])
def test_one_that_raises_comes_again_beside_others(
    caplog: pytest.LogCaptureFixture, error: type[BaseException]
) -> None:
    ticker = Ticker()
    made: queue.SimpleQueue[int] = queue.SimpleQueue()

    def fail() -> None:
        made.put(1)
        raise error("no room")

    ticks = [ticker.every(0.001, fail), ticker.every(0.001, lambda: made.put(2))]
    seen = [made.get(timeout=20) for _ in range(20)]
    assert seen.count(1) > 1
    assert seen.count(2) > 1
    assert "a call repeated every 0.001 s failed" in caplog.text
    for tick in ticks:
        tick.close()


def test_close_waits_for_the_call_under_way() -> None:
    begun, go_on, ended = threading.Event(), threading.Event(), threading.Event()

    def call() -> None:
        begun.set()
        go_on.wait(20)
        ended.set()

    tick = Ticker().every(0.001, call)
    assert begun.wait(20)
    closing = threading.Thread(target=tick.close)
    closing.start()
    assert closing.is_alive()
    go_on.set()
    closing.join(20)
    assert ended.is_set()


def test_a_call_may_close_itself() -> None:
    closed = threading.Event()

    def call() -> None:
        tick.close()
        closed.set()

    tick = Ticker().every(0.01, call)
    assert closed.wait(20)


def test_a_forked_process_has_a_thread_of_its_own() -> None:
    """Even if another thread held the lock when it was forked."""
    first = TICKER.every(60.0, lambda: None)
    held, forked = threading.Event(), threading.Event()

    def hold() -> None:
        with TICKER._changed:
            held.set()
            forked.wait(20)

    holding = threading.Thread(target=hold)
    holding.start()
    held.wait(20)
    child = os.fork()
    if child == 0:
        made = threading.Event()
        TICKER.every(0.001, made.set)
        os._exit(0 if made.wait(20) else 1)
    forked.set()
    holding.join()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    first.close()
