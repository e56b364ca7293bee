"""The store in a real PostgreSQL: the contract, and a server that is away or hangs."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest

from nexus.plugin_api.errors import ConfigError
from nexus.plugin_api.stores import StoreUnavailable, Terms
from nexus_store_postgresql.plugin import nexus_stores
from nexus_store_postgresql.store import PostgresqlStore
from tests.stores.contract import CHECKS, TERMS, Check, Place, deaf_port
from tests.support import until
from tests.versions.stores.servers import PostgresServer, postgres


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with postgres() as made:
        yield made


@pytest.fixture
def place(server: PostgresServer) -> Iterator[Place]:
    server.execute("DROP SCHEMA IF EXISTS test CASCADE")
    made = Place(
        lambda: PostgresqlStore(server.url(), "test", 8),
        "from nexus_store_postgresql.store import PostgresqlStore; "
        f"PostgresqlStore({server.url()!r}, 'test', 8)",
    )
    yield made
    made.close()


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_contract(place: Place, check: Check) -> None:
    check(place)


def test_a_server_that_is_away_is_given_up_in_time() -> None:
    store = PostgresqlStore("postgresql://127.0.0.1:1/x", "test", 8)
    with pytest.raises(StoreUnavailable, match="no connection in time"):
        store.get("n", "k", 0.3)
    store.close()


def test_a_server_that_never_answers_a_connection_is_given_up() -> None:
    with deaf_port() as port:
        store = PostgresqlStore(f"postgresql://127.0.0.1:{port}/x", "test", 8)
        with pytest.raises(StoreUnavailable, match="in time"):
            store.get("n", "k", 0.1)
        store.close()


def test_a_server_that_hangs_is_given_up_in_time_and_found_again(
    place: Place, server: PostgresServer
) -> None:
    store = place.store()
    store.put("n", "k", b"v", TERMS)
    with server.halted():
        began = time.monotonic()
        for _ in range(2):
            with pytest.raises(StoreUnavailable, match="in time"):
                store.get("n", "k", 0.1)
        assert time.monotonic() - began < 10
    assert store.get("n", "k", 20.0) == b"v"


def test_a_server_that_came_back_is_used_again(place: Place, server: PostgresServer) -> None:
    store = place.store()
    store.put("n", "k", b"v", TERMS)
    server.stop()
    with pytest.raises(StoreUnavailable):
        store.get("n", "k", 0.3)
    server.start()
    assert store.get("n", "k", 20.0) == b"v"


def test_a_connection_that_the_server_has_closed_is_not_used(
    place: Place, server: PostgresServer
) -> None:
    store = place.store()
    store.put("n", "k", b"v", TERMS)
    others = "pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
    server.execute(f"SELECT pg_terminate_backend(pid) FROM {others}")
    with psycopg.connect(server.url(), autocommit=True) as connection:
        until(lambda: not connection.execute(f"SELECT 1 FROM {others}").fetchone())
    assert store.get("n", "k", 20.0) == b"v"


def test_a_namespace_whose_row_is_locked_is_given_up_in_time(
    place: Place, server: PostgresServer
) -> None:
    store = place.store()
    store.put("n", "k", b"v", TERMS)
    held, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        with psycopg.connect(server.url()) as connection:
            connection.execute("SELECT * FROM test.kv_size FOR UPDATE")
            held.set()
            assert go_on.wait(20)

    holder = threading.Thread(target=hold)
    holder.start()
    assert held.wait(20)
    with pytest.raises(StoreUnavailable, match="in time"):
        store.put("n", "k", b"w", Terms(0.1, 1 << 20))
    assert store.get("n", "k", 5.0) == b"v"  # reads wait for nobody
    go_on.set()
    holder.join()


@pytest.mark.parametrize(
    "wrong", [{"url": "http://h"}, {"schema": "a b"}, {"uri": "x"}, {"max_connections": 0}]
)
def test_wrong_options_are_named(wrong: dict[str, Any]) -> None:
    settings: Any = SimpleNamespace(plugins={"store-postgresql": wrong})
    with pytest.raises(ConfigError, match=rf"plugins\.store-postgresql\.{next(iter(wrong))}"):
        nexus_stores()["postgresql"](settings)


def test_options_may_be_left_out() -> None:
    settings: Any = SimpleNamespace(plugins={"store-postgresql": {"schema": "mine"}})
    nexus_stores()["postgresql"](settings).close()
