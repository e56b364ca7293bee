"""granian's worker, without granian: how it counts requests."""

from __future__ import annotations

import os
from types import SimpleNamespace

import pytest

from nexus.server.granian.worker import GranianWorker


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
