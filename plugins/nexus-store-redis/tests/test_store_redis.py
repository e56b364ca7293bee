"""The store in a real redis-server: the contract, and a server that is away or hangs."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from nexus.plugin_api.errors import ConfigError
from nexus.plugin_api.stores import StoreUnavailable, Terms
from nexus_store_redis.plugin import nexus_stores
from nexus_store_redis.store import RedisStore
from tests.stores.contract import CHECKS, TERMS, Check, Place, deaf_port
from tests.support import ROOT

sys.path.append(str(ROOT / "plugins/nexus-config-redis/tests"))
from redis_server import RedisServer, program_in

NO_PORT = 1


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    folder = tmp_path_factory.mktemp("redis")
    made = RedisServer(program_in(folder), folder)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def place(server: RedisServer) -> Iterator[Place]:
    with server.client() as client:
        client.flushall()
    arguments = f"{server.url!r}, 'test:', 5.0"
    made = Place(
        lambda: RedisStore(server.url, "test:", 5.0),
        f"from nexus_store_redis.store import RedisStore; RedisStore({arguments})",
    )
    yield made
    made.close()


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_contract(place: Place, check: Check) -> None:
    check(place)


def test_nothing_is_left_of_an_empty_namespace(place: Place, server: RedisServer) -> None:
    store = place.store()
    store.put("n", "k", b"v", Terms(5.0, 100, ttl_ms=60_000))
    store.delete("n", "k", 5.0)
    with server.client() as client:
        assert client.keys("*") == ["test:{n}:b"]
        assert client.get("test:{n}:b") == "0"


def test_a_server_that_is_away_is_said_at_once() -> None:
    with pytest.raises(StoreUnavailable, match="refused"):
        RedisStore(f"redis://127.0.0.1:{NO_PORT}/0", "", 5.0).get("n", "k", 5.0)


def test_a_server_that_hangs_is_given_up_in_time_and_found_again(
    place: Place, server: RedisServer
) -> None:
    store = RedisStore(server.url, "test:", 0.2)
    store.put("n", "k", b"v", TERMS)
    assert server._process is not None
    server._process.send_signal(signal.SIGSTOP)
    try:
        for _ in range(2):
            with pytest.raises(StoreUnavailable, match=r"in time|Timeout"):
                store.get("n", "k", 0.05)
    finally:
        server._process.send_signal(signal.SIGCONT)
    assert store.get("n", "k", 20.0) == b"v"
    store.close()


def test_a_server_that_never_answers_a_connection_is_given_up(tmp_path: Path) -> None:
    with deaf_port() as port:
        store = RedisStore(f"redis://127.0.0.1:{port}/0", "", 0.05)
        with pytest.raises(StoreUnavailable):
            store.get("n", "k", 0.05)
        store.close()


def test_a_server_that_came_back_is_used_again(place: Place, server: RedisServer) -> None:
    store = place.store()
    store.put("n", "k", b"v", TERMS)
    server.stop()
    with pytest.raises(StoreUnavailable):
        store.get("n", "k", 5.0)
    server.start()
    assert store.get("n", "k", 5.0) is None
    store.put("n", "k", b"w", TERMS)
    assert store.get("n", "k", 5.0) == b"w"


def test_a_full_server_refuses_writes_and_keeps_what_it_has(
    place: Place, server: RedisServer
) -> None:
    store = place.store()
    store.put("n", "k", b"v", TERMS)
    with server.client() as client:
        client.config_set("maxmemory", "1")
        with pytest.raises(StoreUnavailable, match="maxmemory"):
            store.put("n", "k2", b"v", TERMS)
        client.config_set("maxmemory", "0")
    assert store.get("n", "k", 5.0) == b"v"


@pytest.mark.parametrize("wrong", [{"url": "http://h"}, {"prefix": "{"}, {"uri": "redis://h"}])
def test_wrong_options_are_named(wrong: dict[str, str]) -> None:
    settings: Any = SimpleNamespace(plugins={"store-redis": wrong})
    with pytest.raises(ConfigError, match=rf"plugins\.store-redis\.{next(iter(wrong))}"):
        nexus_stores()["redis"](settings)
