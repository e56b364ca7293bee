"""The data path: what it observes, and that nothing is lost whatever ends a run."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from nexus.errors import (
    ConcurrencyLimit,
    DeadlineExceeded,
    GuestTrap,
    InternalError,
    NexusError,
    Overloaded,
    ShuttingDown,
)
from nexus.model import Handler, Isolation, Outcome
from nexus.plugin_api.engine import Engine
from nexus.plugin_api.guest import Run
from nexus.plugin_api.scheduling import Policy
from nexus.pool import InstancePool
from nexus.run import Execution
from nexus.run.dispatch import Dispatcher, Way, outcome_of
from nexus.run.watchdog import Watchdog
from nexus.scheduling import Admission, Fifo
from tests import support
from tests.support import PLAIN, Probe, build, calls, handler

GUEST = """(module (import "host" "wait" (func $wait)) (import "host" "stop" (func $stop))
  (memory 1) (data (i32.const 0) "ABCDEFGH") (global $n (mut i32) (i32.const 0))
  (func (export "f") (i32.store8 (i32.const 0) (i32.const 90)) (global.set $n (i32.const 1)))
  (func (export "wait") (call $wait)) (func (export "stop") (call $stop) (loop (br 0)))
  (func (export "trap") unreachable) (func (export "spin") (loop (br 0))))"""
CLEAN = (b"ABCDEFGH", (0,))


@dataclass
class Path:
    """The path's parts, put together as `nexus.service` does."""

    engine: Engine
    guest: Probe = field(default_factory=Probe)
    make_guest: Callable[[Any], Probe] | None = None
    max_running: int = 2
    max_queue: int = 4
    policy: Policy = field(default_factory=Fifo)
    observed: list[tuple[str, Execution, NexusError | None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.admission = Admission(
            self.policy, max_running=self.max_running, max_queue=self.max_queue
        )
        make_guest = self.make_guest or (lambda _: self.guest)
        self.pool = InstancePool(self.engine, make_guest, max_instances=self.max_running)
        self.watchdog = Watchdog(60.0)
        self.watchdog.start()
        self.dispatcher = Dispatcher(self.admission, self.pool, self.watchdog, self._observe)

    def _observe(self, handler: Handler, run: Execution, error: NexusError | None) -> None:
        self.observed.append((handler.name, run, error))

    def run(self, served: Handler, *exports: str, timeout_s: float | None = None) -> Any:
        by = self.dispatcher.new_run(served, time.monotonic(), timeout_s)
        return self.dispatcher.run(served, calls(*exports), by)

    @property
    def last(self) -> tuple[str, Execution, NexusError | None]:
        return self.observed[-1]

    def assert_idle(self) -> None:
        assert (self.admission.running(), self.admission.depth()) == (0, 0)
        assert self.pool.active_count() == 0
        assert not self.watchdog._late


@pytest.fixture(params=support.QUICK_ENGINES, ids=support.engine_ids)
def engine(request: pytest.FixtureRequest) -> Engine:
    return support.engine(*request.param)


@pytest.fixture
def make(engine: Engine) -> Iterator[Callable[..., Path]]:
    made: list[Path] = []

    def start(**options: Any) -> Path:
        made.append(Path(engine, **options))
        return made[-1]

    yield start
    for path in made:
        path.assert_idle()
        path.watchdog.close()


@pytest.fixture
def path(make: Callable[..., Path]) -> Path:
    return make()


@pytest.fixture
def served(engine: Engine) -> Handler:
    return handler(build(engine, GUEST))


def test_a_result_comes_back_and_is_observed(path: Path, served: Handler) -> None:
    assert path.run(served, "f") == (b"ZBCDEFGH", (1,))
    name, run, error = path.last
    usage = run.usage
    assert (name, error, outcome_of(error)) == ("h", None, Outcome.OK)
    assert usage.duration_s >= usage.acquire_s > 0
    assert usage.cpu_s > 0
    assert (usage.queue_s, usage.overshoot_s) == (0.0, -1.0)
    assert usage.memory_peak_bytes == support.PAGE
    assert path.run(served) == CLEAN
    assert path.pool.instances_created() == 1


def test_a_trap_is_observed_and_its_instance_replaced(path: Path, served: Handler) -> None:
    with pytest.raises(GuestTrap, match="unreachable") as caught:
        path.run(served, "f", "trap")
    assert path.last[2] is caught.value
    assert path.run(served) == CLEAN
    assert path.pool.instances_created() == 2


def test_the_deadline_ends_a_loop(path: Path, served: Handler) -> None:
    began = time.monotonic()
    with pytest.raises(DeadlineExceeded):
        path.run(served, "spin", timeout_s=0.05)
    assert 0.05 <= time.monotonic() - began < 5
    _, run, error = path.last
    assert outcome_of(error) is Outcome.TIMEOUT
    assert 0 <= run.usage.overshoot_s < 5
    assert run.usage.instructions > 10_000
    assert path.watchdog.cancels <= 1  # 0: the run saw the time itself
    assert path.run(served) == CLEAN


def test_a_shorter_deadline_is_taken_a_longer_one_not(path: Path, served: Handler) -> None:
    limited = replace(served, limits=replace(PLAIN, timeout_s=2.0))
    run = path.dispatcher.new_run(limited, 100.0, 0.5)
    assert run.deadline == 100.5
    assert path.dispatcher.new_run(limited, 100.0, 60.0).deadline == 102.0
    assert path.dispatcher.new_run(limited, 100.0).deadline == 102.0


def test_the_deadline_counts_from_arrival(path: Path, served: Handler) -> None:
    """A body that took all the time leaves none for the guest."""
    run = path.dispatcher.new_run(served, time.monotonic() - 60.0)
    with pytest.raises(DeadlineExceeded):
        path.dispatcher.run(served, calls("spin"), run)
    assert run.usage.overshoot_s >= 40


def test_ids_are_unique_over_dispatchers(make: Callable[..., Path], served: Handler) -> None:
    dispatchers = [make().dispatcher for _ in range(2)]
    ids = {d.new_run(served, 0.0).execution_id for d in dispatchers for _ in range(100)}
    assert len(ids) == 200


def test_a_start_function_that_loops_ends_at_the_deadline(path: Path, engine: Engine) -> None:
    wat = '(module (func $s (loop (br 0))) (start $s) (func (export "f")))'
    looping = handler(build(engine, wat))
    with pytest.raises(DeadlineExceeded):
        path.run(looping, "f", timeout_s=0.03)
    assert path.last[1].usage.overshoot_s >= 0
    assert (path.pool.active_count(), path.pool.available_count()) == (0, 0)


def test_a_guests_own_stop_wins_over_the_trap(make: Callable[..., Path], served: Handler) -> None:
    reason = DeadlineExceeded("as the host function said")
    path = make(guest=Probe(stop=lambda run: run.stop(reason)))
    with pytest.raises(DeadlineExceeded) as caught:
        path.run(served, "stop")
    assert caught.value is reason


def test_a_run_that_a_host_function_stops_at_its_deadline_is_late_too(
    make: Callable[..., Path], served: Handler
) -> None:
    """A host call that takes long looks at the clock itself (WASI's `out_of_time`), and may do so
    before the watchdog does: here there is none that could cancel."""

    def stop(run: Run) -> None:
        while time.monotonic() < run.deadline:
            time.sleep(0.001)
        run.stop(DeadlineExceeded("the host call took too long"))

    path = make(guest=Probe(stop=stop))
    way = Way(path.admission, Watchdog(60.0), path.dispatcher.ended)
    run = path.dispatcher.new_run(served, time.monotonic(), 0.05)
    with pytest.raises(DeadlineExceeded, match="the host call took too long"):
        path.dispatcher.run(served, calls("stop"), run, way)
    assert not run.cancelled
    assert run.usage.overshoot_s >= 0


def test_what_nobody_expected_is_an_internal_error(
    make: Callable[..., Path], served: Handler
) -> None:
    class Broken(Probe):
        def evaluate(self, *_: Any) -> Any:
            raise ZeroDivisionError("ours")

    path = make(guest=Broken())
    with pytest.raises(InternalError, match="ZeroDivisionError: ours"):
        path.run(served)
    assert outcome_of(path.last[2]) is Outcome.ERROR
    assert path.pool.available_count() == 0


def test_a_panic_of_an_engine_is_an_internal_error(
    make: Callable[..., Path], served: Handler
) -> None:
    """pyo3's PanicException is no Exception, and would end the thread without an answer."""

    class PanicException(BaseException):
        pass

    class Panics(Probe):
        def evaluate(self, *_: Any) -> Any:
            raise PanicException("unsendable")

    path = make(guest=Panics())
    with pytest.raises(InternalError, match="PanicException: unsendable"):
        path.run(served)
    assert outcome_of(path.last[2]) is Outcome.ERROR


class Raising(Probe):
    """Raises instead of running."""

    def __init__(self, error: type[BaseException]) -> None:
        super().__init__()
        self._error = error

    def evaluate(self, *_: Any) -> Any:
        raise self._error


@pytest.mark.parametrize("ends", [KeyboardInterrupt, SystemExit])
def test_what_ends_the_process_passes_but_is_no_success(
    make: Callable[..., Path], served: Handler, ends: type[BaseException]
) -> None:
    path = make(guest=Raising(ends))
    with pytest.raises(ends):
        path.run(served)
    assert outcome_of(path.last[2]) is Outcome.ERROR


@pytest.mark.parametrize("ends", [KeyboardInterrupt, SystemExit])
def test_on_another_thread_it_costs_its_request_alone(
    make: Callable[..., Path], served: Handler, ends: type[BaseException]
) -> None:
    path = make(guest=Raising(ends))
    with ThreadPoolExecutor(1) as threads, pytest.raises(InternalError, match=ends.__name__):
        threads.submit(path.run, served).result()
    assert outcome_of(path.last[2]) is Outcome.ERROR


def hold(path: Path, served: Handler, go_on: threading.Event) -> threading.Thread:
    """Start a run that stays inside the guest until *go_on*."""
    thread = threading.Thread(target=lambda: path.run(served, "wait"))
    thread.start()
    deadline = time.monotonic() + 10
    while path.pool.active_count() == 0:
        assert time.monotonic() < deadline
        time.sleep(0.001)
    return thread


@pytest.fixture
def go_on() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


def test_a_full_queue_is_overloaded(
    make: Callable[..., Path], served: Handler, go_on: threading.Event
) -> None:
    path = make(guest=Probe(wait=lambda: go_on.wait(20)), max_running=1, max_queue=0)
    thread = hold(path, served, go_on)
    with pytest.raises(Overloaded) as caught:
        path.run(served)
    assert path.last[2] is caught.value
    assert outcome_of(caught.value) is Outcome.REJECTED
    go_on.set()
    thread.join()
    assert path.run(served) == CLEAN


def test_the_deadline_passes_in_the_queue(
    make: Callable[..., Path], served: Handler, go_on: threading.Event
) -> None:
    path = make(guest=Probe(wait=lambda: go_on.wait(20)), max_running=1)
    thread = hold(path, served, go_on)
    with pytest.raises(Overloaded, match="deadline passed while waiting in the queue"):
        path.run(served, timeout_s=0.03)
    assert path.last[1].usage.overshoot_s == -1.0
    go_on.set()
    thread.join()


def test_a_handlers_own_limit(
    make: Callable[..., Path], served: Handler, go_on: threading.Event
) -> None:
    path = make(guest=Probe(wait=lambda: go_on.wait(20)))
    limited = replace(served, max_concurrency=1)
    thread = hold(path, limited, go_on)
    with pytest.raises(ConcurrencyLimit):
        path.run(limited)
    assert path.run(replace(served, name="other")) == CLEAN
    go_on.set()
    thread.join()
    assert path.run(limited) == CLEAN


def test_what_waited_says_how_long(
    make: Callable[..., Path], served: Handler, go_on: threading.Event
) -> None:
    path = make(guest=Probe(wait=lambda: go_on.wait(20)), max_running=1)
    thread = hold(path, served, go_on)
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(path.run, served)
        deadline = time.monotonic() + 10
        while path.admission.depth() == 0:
            assert time.monotonic() < deadline
            time.sleep(0.001)
        go_on.set()
        assert waiting.result(10) == CLEAN
    thread.join()
    assert path.last[1].usage.queue_s > 0


class Measuring(Fifo):
    def __init__(self) -> None:
        super().__init__()
        self.took: list[tuple[str, float, float]] = []

    def finished(self, handler: str, wall_s: float, cpu_s: float) -> None:
        self.took.append((handler, wall_s, cpu_s))


def test_a_policy_learns_how_long_places_are_held(
    make: Callable[..., Path], served: Handler
) -> None:
    """Also of runs that end badly; the time before the place, here a minute, is not held."""
    policy = Measuring()
    path = make(policy=policy)
    run = path.dispatcher.new_run(served, time.monotonic() - 60.0)
    with pytest.raises(DeadlineExceeded):
        path.dispatcher.run(served, calls("spin"), run)
    with pytest.raises(DeadlineExceeded):
        path.run(served, "spin", timeout_s=0.05)
    (late, timed_out) = policy.took
    assert late[0] == timed_out[0] == "h"
    assert 0 < late[1] < 30
    assert 0.03 < timed_out[1] < 5
    assert 0 < timed_out[2] < timed_out[1] + 0.001  # two clocks, read one after the other


def test_closed_it_turns_away(path: Path, served: Handler) -> None:
    path.admission.close()
    with pytest.raises(ShuttingDown):
        path.run(served)


def test_many_threads_and_every_way_to_end(make: Callable[..., Path], served: Handler) -> None:
    """Eight threads over three places: loops, traps, stops and clean ends in turn. Every run is
    observed once, every clean one starts from a clean instance, nothing is left."""

    def stop(run: Run) -> None:
        run.stop(DeadlineExceeded("stopped"))

    path = make(make_guest=lambda _: Probe(stop=stop), max_running=3, max_queue=100)
    fresh = replace(served, name="fresh", isolation=Isolation.FRESH)
    together = threading.Barrier(8)

    def work(seed: int) -> int:
        together.wait(20)
        for turn in range(24):
            chosen = fresh if turn % 3 == 0 else served
            ending = ("f", "trap", "stop", "spin", "", "f")[(seed + turn) % 6]
            timeout_s = 0.02 if ending == "spin" else 15.0
            try:
                result = path.run(chosen, *filter(None, [ending]), timeout_s=timeout_s)
            except (GuestTrap, DeadlineExceeded, Overloaded):
                assert ending in ("trap", "stop", "spin")
            else:
                assert result == (CLEAN if not ending else (b"ZBCDEFGH", (1,)))
        return 24

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(work, range(8))) == len(path.observed)
    outcomes = [outcome_of(error) for _, _, error in path.observed]
    assert outcomes.count(Outcome.OK) == outcomes.count(Outcome.TRAP) * 3 == 96
    assert path.pool.available_count() <= 3
