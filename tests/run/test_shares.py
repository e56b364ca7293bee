"""What a handler may have of a worker's CPU."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from nexus.model import Compiled, CpuAllocation, Handler, ModuleInfo
from nexus.run.shares import Shares

INFO = ModuleInfo((), (), 1, 1, True, (), None, False, 1, 100, 8)


def handler(name: str = "h", **cpu: float) -> Handler:
    return Handler(name, f"/{name}", Compiled("key", b"", INFO, "test"), cpu=CpuAllocation(**cpu))


def test_its_request_is_its_weight() -> None:
    share = Shares(workers=4).of(handler(request_cores=0.25))
    assert (share.weight, share.bucket) == (0.25, None)


def test_its_limit_is_split_over_the_workers() -> None:
    """Half a core for two workers: a debt of 0.1 s of CPU takes 0.4 s to pay off."""
    bucket = Shares(workers=2).of(handler(limit_cores=0.5)).bucket
    assert bucket is not None
    waits = [bucket.take(1.0, 1000.0), bucket.take(0.1, 1000.0)]
    assert waits[1] - waits[0] == pytest.approx(0.4)


def test_each_handler_has_one_until_its_manifest_changes() -> None:
    shares = Shares(workers=1)
    first = handler(request_cores=0.25)
    share = shares.of(first)
    assert shares.of(replace(first, priority=9)) is share
    assert shares.of(handler("other", request_cores=0.25)) is not share
    changed = shares.of(replace(first, cpu=CpuAllocation(request_cores=0.5)))
    assert (changed is share, changed.weight) == (False, 0.5)


def test_threads_that_come_together_get_the_same_one() -> None:
    """One of several would be charged, and the limit would hold for none."""
    limited = handler(limit_cores=0.5)
    with ThreadPoolExecutor(8) as threads:
        for _ in range(50):
            shares = Shares(workers=1)
            found = list(threads.map(lambda _, shares=shares: shares.of(limited), range(8)))
            assert len(set(map(id, found))) == 1
