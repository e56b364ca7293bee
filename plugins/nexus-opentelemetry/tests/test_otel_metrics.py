"""What a collector hears of what the sink is told."""

from __future__ import annotations

import socket
import time
from pathlib import Path
from typing import Any

import pytest

import nexus_opentelemetry
from nexus.config import Settings
from nexus.errors import DeadlineExceeded, HandlerNotFound, Overloaded
from nexus.model import Handler, Outcome, PoolCounts, Usage


def sums(metric: Any) -> dict[tuple[str, ...], float]:
    """The values of a counter or gauge by its attributes' values."""
    points = metric.sum.data_points or metric.gauge.data_points
    return {
        tuple(pair.value.string_value for pair in point.attributes): (
            point.as_int or point.as_double
        )
        for point in points
    }


def test_everything_the_sink_is_told_is_exported(collector: Any, handler: Handler) -> None:
    table = {"endpoint": collector.url}
    settings = Settings(cache_dir=Path("/nowhere"), plugins={"opentelemetry": table})
    found = nexus_opentelemetry.nexus_metrics_sinks(settings)
    assert found is not None
    sink: Any = found[0]
    usage = Usage()
    usage.duration_s, usage.cpu_s, usage.instructions, usage.queue_s = 0.2, 0.125, 1000, 0.002
    for _ in range(3):
        sink.record(handler, usage, Outcome.OK, None)
    sink.record(handler, usage, Outcome.TIMEOUT, DeadlineExceeded("late"))
    sink.record(handler, Usage(), Outcome.REJECTED, Overloaded("full"))
    sink.refuse(None, HandlerNotFound("none"))
    sink.refuse("orders", Overloaded("full"))
    sink.cache_request("hit")
    sink.compilation("llvm", 1.5)
    sink.suspension("resumed")
    sink.serving([handler])
    sink.flush(PoolCounts(active=1, available=4, waiting=2))
    sink.close()
    metrics = collector.metrics
    assert sums(metrics["nexus.handler.executions"]) == {
        ("orders", "ok"): 3,
        ("orders", "timeout"): 1,
        ("orders", "rejected"): 2,
    }
    assert sums(metrics["nexus.handler.cpu_time"]) == {("orders",): 0.5}
    assert sums(metrics["nexus.handler.instructions"]) == {("orders",): 4000}
    assert sums(metrics["nexus.errors"]) == {
        ("TIMEOUT",): 1,
        ("OVERLOADED",): 2,
        ("HANDLER_NOT_FOUND",): 1,
    }
    assert sums(metrics["nexus.rejected"]) == {("overloaded",): 2}
    assert sums(metrics["nexus.cache.requests"]) == {("hit",): 1}
    assert sums(metrics["nexus.suspensions"]) == {("resumed",): 1}
    assert sums(metrics["nexus.pool.instances"]) == {
        ("active",): 1,
        ("available",): 4,
        ("suspended",): 0,
    }
    assert sums(metrics["nexus.queue.depth"]) == {(): 2}
    (seconds,) = metrics["nexus.handler.execution_time"].histogram.data_points
    assert (seconds.count, round(seconds.sum, 6), len(seconds.explicit_bounds)) == (4, 0.8, 14)
    (compiled,) = metrics["nexus.compile_time"].histogram.data_points
    assert (compiled.count, compiled.sum) == (1, 1.5)


def test_a_collector_that_is_away_does_not_hold_the_end(
    handler: Handler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nexus_opentelemetry.providers.CLOSE_S", 0.2)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        table = {"endpoint": f"http://127.0.0.1:{probe.getsockname()[1]}"}
        settings = Settings(cache_dir=Path("/nowhere"), plugins={"opentelemetry": table})
        found = nexus_opentelemetry.nexus_metrics_sinks(settings)
        assert found is not None
        found[0].record(handler, Usage(), Outcome.OK, None)
        began = time.monotonic()
        found[0].close()
        assert time.monotonic() - began < 5
