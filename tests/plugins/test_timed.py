"""Start and stop hooks: none of them can hold the service up."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from nexus.plugins.timed import close_all

from .support import plugin, plugins


def test_a_hook_that_hangs_is_named_and_left_behind(caplog: pytest.LogCaptureFixture) -> None:
    let_go, called = threading.Event(), []
    made = plugins(
        hangs=plugin(
            nexus_started=lambda host: let_go.wait(),
            nexus_stopping=lambda host: called.append(host),
        ),
        works=plugin(
            nexus_started=lambda host: called.append(host),
            nexus_stopping=lambda host: called.append(host),
        ),
    )
    failed: list[str] = []
    began = time.monotonic()
    made.start("the service", 0.1, failed.append)
    assert 0.1 <= time.monotonic() - began < 2.0
    assert (called, failed) == (["the service"], ["hangs"])
    assert caplog.messages == [
        "plugin hangs: nexus_started takes more than 0.1 s; going on without it"
    ]

    caplog.clear()
    made.stop("the service", 5.0, failed.append)
    assert called == ["the service"] * 2  # of `works` alone
    assert caplog.messages == ["plugin hangs: nexus_stopping is skipped: nexus_started still runs"]
    let_go.set()


def test_many_that_hang_take_no_longer_than_one() -> None:
    let_go = threading.Event()
    made = plugins(**{f"p{n}": plugin(nexus_stopping=lambda host: let_go.wait()) for n in range(5)})
    failed: list[str] = []
    made.start(None, 0.5, failed.append)
    began = time.monotonic()
    made.stop(None, 0.5, failed.append)
    assert time.monotonic() - began < 2.0
    assert failed == ["p0", "p1", "p2", "p3", "p4"]
    let_go.set()


@pytest.mark.parametrize("error", [OSError, SystemExit])
def test_a_hook_that_raises_is_logged_and_counted(
    caplog: pytest.LogCaptureFixture, error: type[BaseException]
) -> None:
    def fail(host: object) -> None:
        raise error("refused")

    stopped: list[object] = []
    made = plugins(bad=plugin(nexus_started=fail, nexus_stopping=lambda host: stopped.append(host)))
    failed: list[str] = []
    made.start(None, 5.0, failed.append)
    assert failed == ["bad"]
    assert f"plugin bad: nexus_started failed: {error.__name__}: refused (" in caplog.text
    made.stop("service", 5.0, failed.append)
    assert stopped == ["service"]


def test_hooks_run_on_threads_of_their_own() -> None:
    seen: list[threading.Thread] = []
    made = plugins(p=plugin(nexus_started=lambda host: seen.append(threading.current_thread())))
    made.start(None, 5.0, print)
    assert [(thread.name, thread.daemon) for thread in seen] == [("nexus-plugin-p", True)]


def test_what_was_never_started_is_not_stopped() -> None:
    called: list[object] = []
    plugins(p=plugin(nexus_stopping=lambda host: called.append(host))).stop(None, 1.0, print)
    assert called == []


class Closes:
    """Something that a hook returned; to read its `close` may raise."""

    def __init__(self, closed: list[object], error: BaseException | None = None) -> None:
        self._closed, self._error = closed, error

    @property
    def close(self) -> Callable[[], None]:
        if self._error is not None:
            raise self._error
        return lambda: self._closed.append(self)


def test_each_object_is_closed_once_whatever_the_others_do(
    caplog: pytest.LogCaptureFixture,
) -> None:
    closed: list[object] = []
    good, bad = Closes(closed), Closes(closed, SystemExit("bye"))
    failed: list[str] = []
    close_all([("a", good), ("b", bad), ("a", good)], 10.0, failed.append)
    assert (closed, failed) == ([good], ["b"])
    assert "plugin b: close failed: SystemExit: bye (" in caplog.text
