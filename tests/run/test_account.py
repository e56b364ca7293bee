"""CPU control of real executions: limits and weights, at the checkpoints of real guests."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from nexus.errors import DeadlineExceeded, NexusError
from nexus.model import CpuAllocation, Handler
from nexus.plugin_api.engine import Engine
from nexus.pool import InstancePool
from nexus.run import Execution
from nexus.run.account import LONG_AFTER_S, CpuAccount
from nexus.run.dispatch import Dispatcher
from nexus.run.lane import SlowLane
from nexus.run.shares import Share, Shares
from nexus.run.watchdog import Watchdog
from nexus.scheduling import Admission, Fifo
from tests import support

SPIN = '(module (memory 1) (func (export "spin") (loop br 0)) (func (export "f")))'


@pytest.fixture(params=support.QUICK_ENGINES, ids=support.engine_ids)
def engine(request: pytest.FixtureRequest) -> Engine:
    return support.engine(*request.param)


class Path:
    """The data path with CPU control, over the test guest ABI."""

    def __init__(self, engine: Engine) -> None:
        self.ended: dict[str, Execution] = {}
        self.watchdog = Watchdog(10.0)
        self.watchdog.start()
        lane, shares = SlowLane(), Shares(workers=1)
        self.dispatcher = Dispatcher(
            Admission(Fifo(), max_running=8, max_queue=8),
            InstancePool(engine, lambda compiled: support.Probe(), max_instances=8),
            self.watchdog,
            self._observe,
            lambda handler: CpuAccount(lane, shares.of(handler)),
        )

    def _observe(self, handler: Handler, run: Execution, error: NexusError | None) -> None:
        self.ended[handler.name] = run

    def run(self, served: Handler, *exports: str) -> Execution:
        run = self.dispatcher.new_run(served, time.monotonic())
        self.dispatcher.run(served, support.calls(*exports), run)
        return run

    def spin(self, served: Handler) -> None:
        with pytest.raises(DeadlineExceeded):
            self.run(served, "spin")


def served(engine: Engine, name: str, cpu: CpuAllocation, timeout_s: float = 20.0) -> Handler:
    compiled = support.build(engine, SPIN)
    limits = replace(support.PLAIN, timeout_s=timeout_s)
    return replace(support.handler(compiled, name=name), cpu=cpu, limits=limits)


def test_a_limit_holds_and_is_counted_apart(engine: Engine) -> None:
    path = Path(engine)
    path.spin(served(engine, "limited", CpuAllocation(0.1, 0.1), timeout_s=3.0))
    usage = path.ended["limited"].usage
    assert 0.02 < usage.cpu_s / usage.duration_s < 0.2  # 0.1, and 0.01 s of burst
    assert usage.throttled_s > 0.9
    path.watchdog.close()


def test_what_is_left_of_the_debt_delays_the_next_run(engine: Engine) -> None:
    path = Path(engine)
    limited = served(engine, "limited", CpuAllocation(0.1, 0.1), timeout_s=0.3)
    path.spin(limited)
    next_one = path.run(limited, "f")
    assert next_one.usage.cpu_s < 0.1
    shares = Shares(workers=2)
    assert shares.of(limited).bucket is not None
    assert shares.of(limited).bucket.cores == 0.05, "a limit is split over the workers"
    path.watchdog.close()


def test_a_debt_past_the_deadline_ends_the_run_before_it_begins(engine: Engine) -> None:
    account = CpuAccount(SlowLane(), share := Share(0.01))
    del share
    assert account.start(time.monotonic() - 1)  # without a limit there is nothing to wait for
    path = Path(engine)
    limited = served(engine, "limited", CpuAllocation(0.001, 0.001), timeout_s=0.1)
    path.spin(limited)
    with pytest.raises(DeadlineExceeded):
        path.run(limited, "f")
    assert path.ended["limited"].usage.instructions == 0
    path.watchdog.close()


def test_competing_loops_share_by_their_requests(engine: Engine) -> None:
    path = Path(engine)
    three = served(engine, "three", CpuAllocation(0.3), timeout_s=1.0)
    one = served(engine, "one", CpuAllocation(0.1), timeout_s=1.0)
    threads = [threading.Thread(target=path.spin, args=(h,)) for h in (three, one)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    ratio = path.ended["three"].usage.cpu_s / path.ended["one"].usage.cpu_s
    assert 1.8 < ratio < 5
    path.watchdog.close()


def test_a_changed_manifest_makes_a_new_share(engine: Engine) -> None:
    shares = Shares(workers=1)
    first = served(engine, "a", CpuAllocation(0.3))
    assert shares.of(first) is shares.of(first)
    changed = replace(first, cpu=CpuAllocation(0.3, 0.5))
    assert shares.of(changed) is not shares.of(first)


def test_who_comes_back_keeps_its_turn_for_as_long_as_short_ones_may_run() -> None:
    lane, share, other = SlowLane(), Share(0.1), Share(0.1)
    account = CpuAccount(lane, share)
    account.go_out()
    assert account.come_back(time.monotonic() + 20)
    with ThreadPoolExecutor(1) as threads:
        next_turn = threads.submit(lane.enter, other, time.monotonic() + 20)
        support.until(lambda: bool(lane._waiting))
        assert account.checkpoint(0.5, time.monotonic() + 20)
        assert account.checkpoint(0.5 + LONG_AFTER_S / 2, time.monotonic() + 20)
        assert lane._waiting
        assert not account.checkpoint(0.5 + LONG_AFTER_S, time.monotonic()), "the other's turn"
        assert next_turn.result()
    assert share.virtual_s == pytest.approx((0.5 + LONG_AFTER_S) / 0.1)
    lane.leave(other, 0.0)
    assert lane._free == 1
