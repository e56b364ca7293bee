"""The thread that writes the metrics now and then."""

from __future__ import annotations

import threading

import pytest

from nexus.metrics import Flusher
from nexus.metrics import flusher as flusher_module


def test_the_flusher_flushes_now_and_then_and_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flusher_module, "FLUSH_S", 0.01)
    flushed: list[int] = []
    thrice = threading.Event()

    def flush() -> None:
        flushed.append(1)
        if len(flushed) == 3:
            thrice.set()

    flusher = Flusher(flush)
    flusher.start()
    assert thrice.wait(10)
    flusher.close()
    assert len(flushed) >= 4
    assert flusher._tick is not None
    assert flusher._tick.closed


def test_the_flusher_goes_on_after_a_failure(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(flusher_module, "FLUSH_S", 0.01)
    twice = threading.Event()
    flushed: list[int] = []

    def flush() -> None:
        flushed.append(1)
        if len(flushed) == 1:
            raise OSError("no space left")
        twice.set()

    flusher = Flusher(flush)
    flusher.start()
    assert twice.wait(10)
    flusher.close()
    assert "the metrics could not be written" in caplog.text


def test_a_flusher_that_never_started_flushes_once() -> None:
    flushed: list[int] = []
    Flusher(lambda: flushed.append(1)).close()
    assert flushed == [1]
