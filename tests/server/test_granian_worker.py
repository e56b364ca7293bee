"""granian's worker, without granian: how it counts requests."""

from __future__ import annotations

import os
from types import SimpleNamespace
from typing import cast

import pytest

from nexus.server.granian.listener import Listener
from nexus.server.granian.worker import GranianWorker
from nexus.service import Service


def test_others_reach_it_before_it_accepts_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    """A request may be for an execution that another worker has suspended."""
    steps: list[str] = []
    worker = GranianWorker.__new__(GranianWorker)
    worker.alive = False
    settings = SimpleNamespace(http_head_timeout_ms=1000)
    worker.service = cast(
        Service,
        SimpleNamespace(settings=settings, prepare=lambda: steps.append("prepare")),
    )
    listener = SimpleNamespace(start=lambda **_: steps.append("listen"))
    worker._listeners = [cast(Listener, listener)]
    monkeypatch.setattr(worker, "_start_service", lambda: None)
    monkeypatch.setattr(worker, "_drain", lambda: None)
    worker.run()
    assert steps == ["prepare", "listen"]


@pytest.mark.parametrize("counted", [4, 5, 6])
def test_it_ends_once_it_has_served_enough(counted: int) -> None:
    """Also where two threads that count at once step over the number."""
    worker = GranianWorker.__new__(GranianWorker)
    worker.nr, worker.max_requests, worker.alive = counted, 5, True
    worker.log = SimpleNamespace(info=lambda *_: None)
    read, write = worker.PIPE = os.pipe()
    try:
        worker.count_request()
        assert not worker.alive
        worker.count_request()
        assert os.read(read, 9) == b"1", "it was told once"
    finally:
        os.close(read)
        os.close(write)
