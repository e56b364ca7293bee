"""What `/metrics` says of runs, over one process."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from prometheus_client import CollectorRegistry

from nexus import errors
from nexus.errors import NexusError
from nexus.metrics import PathMetrics
from nexus.metrics.derived import WithDerived
from nexus.model import Handler, Outcome, PoolCounts, Usage
from tests import support

NOTHING = PoolCounts()


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def metrics(registry: CollectorRegistry) -> PathMetrics:
    return PathMetrics(registry)


@pytest.fixture
def served() -> Handler:
    return support.handler(support.build(support.engine(*support.QUICK_ENGINES[0]), "(module)"))


def usage(**fields: float) -> Usage:
    made = Usage()
    made.duration_s, made.cpu_s = 0.002, 0.5
    made.instructions, made.memory_peak_bytes = 100, 65536
    for name, value in fields.items():
        setattr(made, name, value)
    return made


def value(registry: CollectorRegistry, name: str, **labels: str) -> float | None:
    return registry.get_sample_value(f"nexus_{name}", labels)


def test_a_run_counts_where_it_should(
    metrics: PathMetrics, registry: CollectorRegistry, served: Handler
) -> None:
    used = usage(queue_s=0.2, acquire_s=0.0001)
    used.calls = {"fd_write": 3}
    for _ in range(2):
        metrics.record(served, used, Outcome.OK, None)
    metrics.flush(NOTHING)
    found = {
        "handler_executions_total": value(
            registry, "handler_executions_total", handler="h", status="ok"
        ),
        "seconds": value(registry, "handler_execution_seconds_sum", handler="h"),
        "count": value(registry, "handler_execution_seconds_count", handler="h"),
        "cpu": value(registry, "handler_cpu_seconds_total", handler="h"),
        "instructions": value(registry, "handler_instructions_total", handler="h"),
        "memory": value(registry, "handler_memory_peak_bytes", handler="h"),
        "calls": value(registry, "host_calls_total", function="fd_write"),
        "queue": value(registry, "queue_wait_seconds_sum"),
        "acquire": value(registry, "pool_acquire_seconds_count"),
        "cancels": value(registry, "watchdog_cancels_total"),
        "overshoot": value(registry, "watchdog_overshoot_seconds_count"),
    }
    assert found == {
        "handler_executions_total": 2,
        "seconds": 0.004,
        "count": 2,
        "cpu": 1.0,
        "instructions": 200,
        "memory": 65536,
        "calls": 6,
        "queue": 0.4,
        "acquire": 2,
        "cancels": 0,
        "overshoot": 0,
    }


def test_a_failed_run_counts_by_outcome_and_code(
    metrics: PathMetrics, registry: CollectorRegistry, served: Handler
) -> None:
    error = errors.DeadlineExceeded("late")
    metrics.record(served, usage(overshoot_s=0.003), Outcome.TIMEOUT, error)
    metrics.flush(NOTHING)
    assert value(registry, "handler_executions_total", handler="h", status="timeout") == 1
    assert value(registry, "errors_total", code="TIMEOUT") == 1
    assert value(registry, "watchdog_cancels_total") == 1
    assert value(registry, "watchdog_overshoot_seconds_sum") == 0.003
    assert value(registry, "handler_execution_seconds_count", handler="h") == 1


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (errors.Overloaded("x"), "overloaded"),
        (errors.ConcurrencyLimit("x"), "concurrency"),
        (errors.ShuttingDown("x"), "shutting_down"),
    ],
)
def test_what_was_turned_away_did_not_run(
    metrics: PathMetrics,
    registry: CollectorRegistry,
    served: Handler,
    error: NexusError,
    reason: str,
) -> None:
    metrics.record(served, Usage(), Outcome.REJECTED, error)
    metrics.flush(NOTHING)
    assert value(registry, "rejected_total", reason=reason) == 1
    assert value(registry, "errors_total", code=error.code) == 1
    assert value(registry, "handler_executions_total", handler="h", status="rejected") == 1
    assert not value(registry, "handler_execution_seconds_count", handler="h")
    assert value(registry, "pool_acquire_seconds_count") == 0


def test_flushing_adds_up_and_does_not_repeat(
    metrics: PathMetrics, registry: CollectorRegistry, served: Handler
) -> None:
    for runs in (1, 2, 0):
        for _ in range(runs):
            metrics.record(served, usage(), Outcome.OK, None)
        metrics.flush(NOTHING)
    assert value(registry, "handler_executions_total", handler="h", status="ok") == 3
    assert value(registry, "handler_execution_seconds_count", handler="h") == 3


def test_peaks_only_rise(
    metrics: PathMetrics, registry: CollectorRegistry, served: Handler
) -> None:
    for peak in (100, 300, 200):
        metrics.record(served, usage(memory_peak_bytes=peak), Outcome.OK, None)
        metrics.flush(NOTHING)
    assert value(registry, "handler_memory_peak_bytes", handler="h") == 300


def test_pool_and_queue_are_what_they_are_now(
    metrics: PathMetrics, registry: CollectorRegistry
) -> None:
    metrics.flush(PoolCounts(active=3, available=2, waiting=5, created=4))
    metrics.flush(PoolCounts(active=1, available=4, waiting=0, created=7, limit=3))
    states = [value(registry, "pool_instances", state=s) for s in ("active", "available")]
    assert states == [1, 4]
    assert value(registry, "pool_instances", state="suspended") == 0
    assert value(registry, "queue_depth") == 0
    assert value(registry, "queue_limit") == 3
    assert value(registry, "pool_instances_created_total") == 7


def test_cache_and_compilations(metrics: PathMetrics, registry: CollectorRegistry) -> None:
    for result in ("miss", "hit", "hit", "hit"):
        metrics.cache_request(result)
    metrics.compilation("llvm", 0.3)
    assert value(registry, "cache_requests_total", result="hit") == 3
    assert value(registry, "compile_seconds_sum", tier="llvm") == 0.3


NAMES = {
    "handler_executions_total": {"handler", "status"},
    "handler_execution_seconds": {"handler"},
    "handler_cpu_seconds_total": {"handler"},
    "handler_instructions_total": {"handler"},
    "handler_throttled_seconds_total": {"handler"},
    "handler_memory_peak_bytes": {"handler"},
    "errors_total": {"code"},
    "host_calls_total": {"function"},
    "pool_instances": {"state"},
    "pool_instances_created_total": set(),
    "pool_acquire_seconds": set(),
    "queue_depth": set(),
    "queue_wait_seconds": set(),
    "rejected_total": {"reason"},
    "cache_requests_total": {"result"},
    "cache_hit_rate": set(),
    "compile_seconds": {"tier"},
    "peak_memory_bytes": set(),
    "watchdog_cancels_total": set(),
    "watchdog_overshoot_seconds": set(),
}
"""names and labels that users rely on, beside those of the pod (`tests/pod/test_collector.py`)"""


def test_every_name_that_was_promised_is_there(
    metrics: PathMetrics, registry: CollectorRegistry, served: Handler
) -> None:
    used = usage(overshoot_s=0.1, throttled_s=0.1)
    used.calls = {"fd_write": 1}
    metrics.record(served, used, Outcome.TIMEOUT, errors.DeadlineExceeded("x"))
    metrics.record(served, Usage(), Outcome.REJECTED, errors.Overloaded("x"))
    metrics.cache_request("hit")
    metrics.compilation("llvm", 1.0)
    metrics.flush(NOTHING)
    found: dict[str, set[str]] = {}
    for family in WithDerived(registry).collect():
        for sample in family.samples:
            name = sample.name.removeprefix("nexus_").removesuffix("_bucket")
            found.setdefault(name, set()).update(sample.labels.keys() - {"le"})
            assert sample.name.startswith("nexus_")
    missing = {name: labels for name, labels in NAMES.items() if found.get(name) != labels}
    assert not missing


def test_threads_lose_nothing_while_it_is_flushed(
    metrics: PathMetrics, registry: CollectorRegistry, served: Handler
) -> None:
    together = threading.Barrier(5)

    def record(_: int) -> None:
        together.wait(20)
        for _ in range(300):
            metrics.record(served, usage(), Outcome.OK, None)

    with ThreadPoolExecutor(4) as threads:
        done = [threads.submit(record, n) for n in range(4)]
        together.wait(20)
        while not all(future.done() for future in done):
            metrics.flush(NOTHING)
        for future in done:
            future.result()
    metrics.flush(NOTHING)
    assert value(registry, "handler_executions_total", handler="h", status="ok") == 1200
    assert value(registry, "handler_instructions_total", handler="h") == 120_000
