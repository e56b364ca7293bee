"""What an agent hears of what the sink is told."""

from __future__ import annotations

import logging
import os
import socket
import threading
from pathlib import Path
from typing import Any

import pytest

import nexus_statsd
from nexus.config import Settings
from nexus.errors import ConfigError, DeadlineExceeded, HandlerNotFound, Overloaded
from nexus.model import Handler, Outcome, PoolCounts, Usage
from nexus.plugin_api.metrics import MetricsSink
from nexus_statsd.sums import KEPT

CACHE = Path("/nowhere")  # a setting without default, which no sink needs


def sinks(table: Any) -> Any:
    settings = Settings(cache_dir=CACHE, plugins={"statsd": table})
    return nexus_statsd.nexus_metrics_sinks(settings)


def sink_for(agent: Any, **options: object) -> Any:
    table = {"port": agent.port, **options}
    return sinks(table)[0]


def usage(seconds: float = 0.25) -> Usage:
    found = Usage()
    found.duration_s, found.cpu_s, found.instructions = seconds, 0.125, 1000
    found.queue_s, found.acquire_s, found.memory_peak_bytes = 0.002, 0.001, 65536
    found.calls = {"fd_write": 2}
    return found


def test_a_run_is_heard_of(agent: Any, handler: Handler) -> None:
    sink = sink_for(agent)
    for _ in range(3):
        sink.record(handler, usage(), Outcome.OK, None)
    sink.flush(PoolCounts(active=1, available=4, waiting=2, created=5))
    found = agent.lines("nexus.pool.instances_created")
    sink.close()
    worker = f"worker:{os.getpid()}"
    for line in (
        "nexus.handler.executions:3|c|#handler:hello,status:ok",
        "nexus.handler.execution_time:250|ms|#handler:hello",
        "nexus.handler.cpu_seconds:0.375|c|#handler:hello",
        "nexus.handler.instructions:3000|c|#handler:hello",
        "nexus.handler.memory_peak_bytes:65536|g|#handler:hello",
        "nexus.queue.wait_time:2|ms",
        "nexus.pool.acquire_time:1|ms",
        "nexus.host_calls:6|c|#function:fd_write",
        f"nexus.pool.instances:4|g|#state:available,{worker}",
        f"nexus.queue.depth:2|g|#{worker}",
        "nexus.pool.instances_created:5|c",
    ):
        assert line in found
    assert sum(line.startswith("nexus.handler.execution_time") for line in found) == 3


def test_what_was_sent_is_not_sent_again(agent: Any, handler: Handler) -> None:
    sink = sink_for(agent)
    sink.record(handler, usage(), Outcome.OK, None)
    sink.flush(PoolCounts(created=1))
    agent.lines("nexus.pool.instances_created")
    sink.flush(PoolCounts(created=1))
    assert {line.partition(":")[0] for line in agent.lines()} == {
        "nexus.pool.instances",
        "nexus.queue.depth",
    }
    sink.close()


def test_failures_are_told_by_code_and_reason(agent: Any, handler: Handler) -> None:
    sink = sink_for(agent)
    late = usage()
    late.overshoot_s = 0.01
    sink.record(handler, late, Outcome.TIMEOUT, DeadlineExceeded("late"))
    sink.record(handler, Usage(), Outcome.REJECTED, Overloaded("full"))
    sink.refuse(None, HandlerNotFound("nothing there"))
    sink.cache_request("hit")
    sink.compilation("llvm", 1.5)
    sink.suspension("resumed")
    sink.serving([handler])
    sink.flush(PoolCounts())
    found = agent.lines()
    sink.close()
    for line in (
        "nexus.handler.executions:1|c|#handler:hello,status:timeout",
        "nexus.handler.executions:1|c|#handler:hello,status:rejected",
        "nexus.errors:1|c|#code:TIMEOUT",
        "nexus.errors:1|c|#code:OVERLOADED",
        "nexus.errors:1|c|#code:HANDLER_NOT_FOUND",
        "nexus.rejected:1|c|#reason:overloaded",
        "nexus.watchdog.cancels:1|c",
        "nexus.cache.requests:1|c|#result:hit",
        "nexus.compile_time:1500|ms|#tier:llvm",
        "nexus.suspensions:1|c|#outcome:resumed",
    ):
        assert line in found
    assert sum(line.startswith("nexus.handler.execution_time") for line in found) == 1


def test_a_busy_second_sends_a_sample_and_its_rate(agent: Any, handler: Handler) -> None:
    sink = sink_for(agent)
    for _ in range(KEPT * 4):
        sink.record(handler, usage(), Outcome.OK, None)
    sink.flush(PoolCounts())
    times = [line for line in agent.lines() if "execution_time" in line]
    sink.close()
    assert times == ["nexus.handler.execution_time:250|ms|@0.25|#handler:hello"] * KEPT


def test_requests_make_no_system_call(agent: Any, handler: Handler) -> None:
    sink = sink_for(agent)
    for _ in range(1000):
        sink.record(handler, usage(), Outcome.OK, None)
    agent.socket.setblocking(False)
    with pytest.raises(BlockingIOError):
        agent.socket.recv(1)
    sink.close()


def test_no_datagram_is_longer_than_a_frame_takes(agent: Any, handler: Handler) -> None:
    sink = sink_for(agent, tags="env:test,team:a")
    for number in range(100):
        sink.refuse(f"handler-{number}", HandlerNotFound("none"))
    sink.flush(PoolCounts())
    found = agent.datagrams("nexus.queue.depth")
    sink.close()
    assert len(found) > 3
    assert all(1300 < len(datagram) <= 1432 for datagram in found[:-1])
    assert all(b"|#env:test,team:a" in line for one in found for line in one.split(b"\n"))


def test_threads_lose_nothing(agent: Any, handler: Handler) -> None:
    sink = sink_for(agent)

    def work() -> None:
        for _ in range(500):
            sink.record(handler, usage(), Outcome.OK, None)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    sink.flush(PoolCounts())
    for thread in threads:
        thread.join()
    sink.flush(PoolCounts())
    found = agent.lines() + agent.lines()
    sink.close()
    counted = [line for line in found if line.startswith("nexus.handler.executions:")]
    assert sum(int(line.split(":")[1].split("|")[0]) for line in counted) == 2000


def test_an_agent_that_is_away_is_logged_once_and_found_again(
    handler: Handler, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (sink,) = sinks({"port": port})
    with caplog.at_level(logging.INFO):
        for _ in range(6):  # the kernel tells of a refused datagram at the one after it
            sink.record(handler, usage(), Outcome.OK, None)
            sink.flush(PoolCounts())
        assert [record.levelname for record in caplog.records].count("WARNING") >= 1
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
            listening.bind(("127.0.0.1", port))
            listening.settimeout(5)
            sink.flush(PoolCounts())
            sink.flush(PoolCounts())
            assert b"nexus.pool" in listening.recv(65536)
    sink.close()


@pytest.mark.parametrize(
    "where", [{"host": "no-such-host.invalid"}, {"socket": "/nowhere/statsd.sock"}]
)
def test_an_agent_that_never_was_disturbs_nothing(
    where: dict[str, str], handler: Handler, caplog: pytest.LogCaptureFixture
) -> None:
    (sink,) = sinks(where)
    for _ in range(3):
        sink.record(handler, usage(), Outcome.OK, None)
        sink.flush(PoolCounts())
    sink.close()
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert next(iter(where.values())) in caplog.text


def test_a_unix_socket_that_is_full_or_gone_is_not_waited_for(
    tmp_path: Path, handler: Handler
) -> None:
    path = tmp_path / "statsd.sock"
    (sink,) = sinks({"socket": str(path)})
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(path))
        listening.settimeout(5)
        sink.flush(PoolCounts(waiting=7))
        assert b"nexus.queue.depth:7|g" in listening.recv(65536)
        for _ in range(1000):  # far more than net.unix.max_dgram_qlen; nobody reads
            sink.flush(PoolCounts())
    path.unlink()
    sink.flush(PoolCounts())
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(path))
        listening.settimeout(5)
        sink.flush(PoolCounts(waiting=9))
        assert b"nexus.queue.depth:9|g" in listening.recv(65536)
    sink.close()


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"port": 0}, "plugins.statsd.port: found 0, allowed: a whole number from 1 to 65535"),
        ({"port": "http"}, "plugins.statsd.port: found 'http', allowed: a whole number"),
        ({"hots": "x"}, "plugins.statsd.hots: there is no such key; did you mean host?"),
        (
            {"dialect": "influx"},
            "plugins.statsd.dialect: found 'influx', allowed: dogstatsd, statsd",
        ),
        ({"socket": "run/x"}, "plugins.statsd.socket: found 'run/x', allowed: the absolute path"),
        ({"tags": "a"}, "plugins.statsd.tags: found 'a', allowed: a table of texts"),
        ({"prefix": "a b"}, "plugins.statsd.prefix: found 'a b', allowed: letters, digits"),
    ],
)
def test_wrong_options_are_told(table: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError) as raised:
        sinks(table)
    assert str(raised.value).startswith(said)


def test_it_is_a_sink(agent: Any) -> None:
    sink: MetricsSink = sink_for(agent)
    sink.close()


def test_without_a_table_it_is_idle() -> None:
    assert sinks({}) is None
