"""The hash as a source: what it says, what may be wrong with it, how changes are told."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis_server import RedisServer

from nexus_config_redis.options import Options
from nexus_config_redis.source import RedisSource

NEVER_S = 3600.0


def test_the_whole_hash_is_read(server: RedisServer) -> None:
    source = RedisSource(Options(server.url))
    assert source.read() == {}
    server.say(timeout_ms="700", plugins='{"a": {}}')
    server.say("other", timeout_ms="800")
    assert source.read() == {"timeout_ms": "700", "plugins": '{"a": {}}'}
    assert RedisSource(Options(server.url, key="other")).read() == {"timeout_ms": "800"}


def test_what_is_no_hash_of_text(server: RedisServer) -> None:
    source = RedisSource(Options(server.url))
    with server.client() as client:
        client.set("nexus:settings", "x")
        with pytest.raises(ValueError, match=r"^is no hash$"):
            source.read()
        client.delete("nexus:settings")
        client.hset("nexus:settings", "timeout_ms", b"\xff")
        with pytest.raises(ValueError, match=r"^holds something that is not UTF-8: "):
            source.read()


def test_passwords(program: Path, tmp_path: Path) -> None:
    server = RedisServer(program, tmp_path, "--requirepass", "S3cret")
    server.start()
    try:
        host = f"127.0.0.1:{server.port}"
        assert RedisSource(Options(f"redis://:S3cret@{host}")).read() == {}
        assert RedisSource(Options(f"redis://{host}", password="S3cret")).read() == {}
        for wrong in (Options(f"redis://{host}"), Options(f"redis://:Wr0ng@{host}")):
            with pytest.raises(ConnectionError) as caught:
                RedisSource(wrong).read()
            assert "Wr0ng" not in str(caught.value)
    finally:
        server.stop()


def test_a_server_that_is_down_or_silent(server: RedisServer) -> None:
    server.stop()
    with pytest.raises(ConnectionError, match="refused"):
        RedisSource(Options(server.url)).read()


class Told:
    """Counts what a watch tells, and waits for it."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self.times = 0

    def __call__(self) -> None:
        with self._changed:
            self.times += 1
            self._changed.notify_all()

    def wait(self, times: int, timeout_s: float = 20.0) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: self.times >= times, timeout_s)


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def threads_end() -> Iterator[None]:
    yield
    for thread in threading.enumerate():
        if thread.name == "nexus-config-redis":
            thread.join(10)
            assert not thread.is_alive()


@pytest.mark.usefixtures("threads_end")
def test_a_change_is_told_once_by_looking(server: RedisServer, told: Told) -> None:
    watch = RedisSource(Options(server.url, poll_s=0.05)).watch(told)
    told.wait(1)
    server.say(timeout_ms="700")
    told.wait(2)
    server.say(timeout_ms="700")  # says the same
    with server.client() as client:
        client.hset("nexus:settings", "timeout_ms", "701")
    told.wait(3)
    server.say("other", timeout_ms="1")
    with server.client() as client:
        client.hdel("nexus:settings", "timeout_ms")
        told.wait(4)
        client.set("nexus:settings", "no hash")
        told.wait(5)
    watch.close()
    assert told.times == 5


def test_notifications_come_at_once(server: RedisServer, told: Told) -> None:
    with server.client() as client:
        client.config_set("notify-keyspace-events", "Kgh")
        watch = RedisSource(Options(server.url, poll_s=NEVER_S)).watch(told)
        told.wait(1)
        deadline = time.monotonic() + 20
        while told.times < 2:  # until the subscription is there, nothing is noticed
            assert time.monotonic() < deadline
            client.hincrby("nexus:settings", "timeout_ms", 1)
            time.sleep(0.01)
        client.delete("nexus:settings")
        told.wait(3)
    watch.close()
    server.stop()  # what the watch waits for ends


@pytest.mark.usefixtures("threads_end")
def test_a_server_that_goes_and_comes_back_is_told(server: RedisServer, told: Told) -> None:
    server.say(timeout_ms="700")
    watch = RedisSource(Options(server.url, poll_s=0.05)).watch(told)
    told.wait(1)
    server.stop()
    told.wait(2)
    server.start()
    told.wait(3)
    server.say(timeout_ms="700")
    watch.close()
