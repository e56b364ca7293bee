"""Several sinks as one: whatever an outside one does, requests and our own figures go on."""

from __future__ import annotations

import threading
import time
from asyncio import CancelledError
from typing import Any

import pytest

from nexus.errors import InvalidArgument
from nexus.metrics import FanOut
from nexus.model import Outcome, PoolCounts, Usage
from nexus.plugin_api.metrics import MetricsSink

METHODS: dict[str, tuple[Any, ...]] = {
    "record": (None, Usage(), Outcome.OK, None),
    "refuse": ("h", InvalidArgument("no")),
    "cache_request": ("hit",),
    "compilation": ("llvm", 1.5),
    "suspension": ("resumed",),
    "serving": ((),),
}


class Sink:
    """Notes what it is told; raises in the methods of *failing*."""

    def __init__(
        self,
        *failing: str,
        hang: threading.Event | None = None,
        error: type[BaseException] = OSError,
    ) -> None:
        self.told: list[str] = []
        self.changed = threading.Condition()
        self._failing, self._hang, self._error = failing, hang, error

    def __getattr__(self, name: str) -> Any:
        if name not in (*METHODS, "flush", "close"):
            raise AttributeError(name)

        def method(*arguments: Any) -> None:
            with self.changed:
                self.told.append(name)
                self.changed.notify_all()
            if self._hang is not None and name in ("flush", "close"):
                self._hang.wait()
            if name in self._failing:
                raise self._error("no route")

        return method

    def wait_for(self, *told: str) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: self.told == list(told), 5.0), self.told


def fan_out(own: Any, *others: Any, close_s: float = 5.0) -> tuple[FanOut, list[str]]:
    failed: list[str] = []
    named = [(f"p{number}", sink) for number, sink in enumerate(others)]
    return FanOut(own, named, failed.append, close_s), failed


@pytest.mark.parametrize("error", [OSError, SystemExit, CancelledError, GeneratorExit])
@pytest.mark.parametrize("method", METHODS)
def test_all_are_told_whatever_one_of_them_raises(
    method: str, error: type[BaseException], caplog: pytest.LogCaptureFixture
) -> None:
    own, bad, good = Sink(), Sink(method, error=error), Sink()
    sinks, failed = fan_out(own, bad, good)
    for _ in range(3):
        getattr(sinks, method)(*METHODS[method])
    assert own.told == bad.told == good.told == [method] * 3
    assert failed == ["p0"] * 3  # counted every time, logged once
    assert [record.getMessage() for record in caplog.records] == [
        f"plugin p0: its metrics sink's {method} failed"
    ]
    assert "no route" in caplog.text


@pytest.mark.parametrize("error", [OSError, SystemExit])
def test_a_flush_that_raises_ends_no_thread(error: type[BaseException]) -> None:
    bad = Sink("flush", error=error)
    sinks, failed = fan_out(None, bad)
    sinks.flush(PoolCounts())
    bad.wait_for("flush")
    sinks.flush(PoolCounts())
    bad.wait_for("flush", "flush")
    sinks.close()
    bad.wait_for("flush", "flush", "flush", "close")
    assert failed == ["p0"] * 3


def test_ctrl_c_is_nobodys_fault() -> None:
    sinks, failed = fan_out(None, Sink("refuse", error=KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        sinks.refuse("h", InvalidArgument("no"))
    assert failed == []


def test_it_has_every_method_of_a_sink() -> None:
    names = {name for name in vars(MetricsSink) if not name.startswith("_")}
    assert names | {"suspension"} == {*METHODS, "flush", "close"} <= set(dir(FanOut))


def test_a_sink_need_not_care_for_suspensions() -> None:
    class Careless(Sink):
        def __getattr__(self, name: str) -> Any:
            if name == "suspension":
                raise AttributeError(name)
            return super().__getattr__(name)

    sink = Careless()
    sinks, failed = fan_out(None, sink)
    sinks.suspension("resumed")
    assert (sink.told, failed) == ([], [])


def test_an_iterator_of_handlers_reaches_everyone() -> None:
    seen: list[list[str]] = []

    class Listener(Sink):
        def serving(self, handlers: Any) -> None:
            seen.append(list(handlers))

    sinks, _ = fan_out(Listener(), Listener())
    sinks.serving(iter(["a", "b"]))  # type: ignore[arg-type]
    assert seen == [["a", "b"]] * 2


def test_a_flush_that_hangs_holds_nobody_up(caplog: pytest.LogCaptureFixture) -> None:
    let_go = threading.Event()
    own, hangs, good = Sink(), Sink(hang=let_go), Sink()
    sinks, failed = fan_out(own, hangs, good, close_s=0.1)
    sinks.flush(PoolCounts())
    good.wait_for("flush")
    hangs.wait_for("flush")
    sinks.flush(PoolCounts())
    assert own.told == ["flush", "flush"]
    good.wait_for("flush", "flush")

    began = time.monotonic()
    sinks.close()
    assert time.monotonic() - began < 2.0
    good.wait_for("flush", "flush", "flush", "close")
    assert own.told[-1] == "close"
    assert failed == ["p0"]
    assert caplog.messages == ["plugin p0: its metrics sink does not close; going on"]
    let_go.set()


def test_closing_flushes_for_the_last_time_with_the_last_counts() -> None:
    seen: list[PoolCounts] = []

    class Counting(Sink):
        def flush(self, now: PoolCounts) -> None:
            seen.append(now)

    sink = Counting("close")
    sinks, failed = fan_out(None, sink)
    sinks.flush(PoolCounts(active=3))
    sinks.close()
    assert seen[-1] == PoolCounts(active=3)
    assert sink.told == ["close"]
    assert failed == ["p0"]  # close raised
