"""Every store of versions, in a real server of its kind: the contract, and what each does alone."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import boto3
import pytest

from nexus.errors import ConfigError, StoreUnavailable
from nexus.versions.sqlite import SqliteStore
from nexus.versions.stores import choose
from nexus.versions.stores.choose import missing_package, open_store
from tests.e2e.conftest import free_port

from .contract import (
    CHECKS,
    Check,
    Make,
    of_writers_at_once_one_wins,
    old_blobs_that_no_version_has_are_swept,
)
from .servers import PostgresServer, RegistryServer, S3Server, postgres, registry

NUMBERS = itertools.count()


@pytest.fixture(scope="module")
def postgresql() -> Iterator[PostgresServer]:
    with postgres() as server:
        yield server


@pytest.fixture(scope="module")
def s3() -> Iterator[S3Server]:
    server = S3Server()
    server.start()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in server.environ.items():
            patch.setenv(name, value)
        session = boto3.session.Session()  # each reads what the API has: a second of CPU in all
        patch.setattr("boto3.session.Session", lambda: session)
        yield server
    server.stop()


@pytest.fixture(scope="module")
def oci() -> Iterator[RegistryServer]:
    with registry() as server:
        yield server


LEFT_OUT: dict[str, tuple[Check, ...]] = {
    # A registry has no conditional writes, and deletes blobs by a command of its own.
    "oci": (of_writers_at_once_one_wins, old_blobs_that_no_version_has_are_swept),
}


@pytest.fixture
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Make:
    name = f"n{next(NUMBERS)}-test".replace("-", "_" if request.param == "postgresql" else "-")
    url = "sqlite"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgresql").make_database(name)
    if request.param == "s3":
        url = request.getfixturevalue("s3").make_bucket(name)
    if request.param == "oci":
        url = request.getfixturevalue("oci").url(f"team/{name}")
    return lambda: open_store(url, tmp_path)


KINDS = [
    (kind, check)
    for kind in ("sqlite", "postgresql", "s3", "oci")
    for check in CHECKS
    if check not in LEFT_OUT.get(kind, ())
]


@pytest.mark.parametrize(
    ("make", "check"), KINDS, indirect=["make"], ids=lambda given: getattr(given, "__name__", given)
)
def test_the_contract(make: Make, check: Check) -> None:
    check(make)


def test_a_server_that_is_away_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port()
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://127.0.0.1:{port}")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    for url in (
        f"postgresql://nexus@127.0.0.1:{port}/x",
        "s3://bucket/prefix",
        f"oci://127.0.0.1:{port}/x",
    ):
        store = open_store(url, tmp_path)
        calls: list[Callable[[], object]] = [
            store.tags,
            lambda: store.read("tokens"),  # noqa: B023
            lambda: store.write("tokens", b"", None),  # noqa: B023
            lambda: store.put_blobs({"0": b""}),  # noqa: B023
            lambda: store.get_blob("0"),  # noqa: B023
            lambda: store.sweep((), 0.0),  # noqa: B023
        ]
        for call in calls:
            with pytest.raises(StoreUnavailable) as caught:
                call()
            assert str(caught.value).startswith(f"the store {url} cannot be used: ")
        store.close()


def test_a_database_that_starts_again_is_found_again(postgresql: PostgresServer) -> None:
    store = open_store(postgresql.make_database("again"), Path())
    tag = store.write("tokens", b"x", None)
    postgresql.stop()
    with pytest.raises(StoreUnavailable):
        store.tags()
    postgresql.start()
    assert store.tags() == {"tokens": tag}
    postgresql.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = 'again'"
    )
    assert store.tags() == {"tokens": tag}  # at once: the closed connection is made anew
    store.close()


def test_workers_that_start_together_make_the_tables_once(postgresql: PostgresServer) -> None:
    url = postgresql.make_database("together")
    stores = [open_store(url, Path()) for _ in range(8)]
    found: list[object] = []
    threads = [threading.Thread(target=lambda s=s: found.append(s.tags())) for s in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [{}] * 8
    for store in stores:
        store.close()


def test_a_role_that_may_not_make_tables_uses_them(postgresql: PostgresServer) -> None:
    url = postgresql.make_database("roles")
    postgresql.execute("create role app login")
    app = open_store(url.replace("nexus@", "app@"), Path())
    with pytest.raises(StoreUnavailable, match="permission denied for schema public"):
        app.tags()
    owner = open_store(url, Path())
    owner.tags()
    owner._connection.execute(  # type: ignore[attr-defined]
        "grant select, insert, update, delete on all tables in schema public to app"
    )
    assert app.write("tokens", b"x", None) == "1"
    owner.close()
    app.close()


def test_credentials_may_be_in_a_service_file_that_a_group_may_read(
    postgresql: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file of a Secret is such a file, which PGPASSFILE must not name: libpq ignores it there."""
    url = postgresql.make_database("serviced").replace("nexus@", "")
    service = tmp_path / "pg_service.conf"
    service.write_text("[nexus]\nuser=nexus\npassword=secret\n")
    service.chmod(0o440)
    monkeypatch.setenv("PGSERVICEFILE", str(service))
    monkeypatch.setenv("PGUSER", "nobody")  # would be refused
    store = open_store(f"{url}?service=nexus", tmp_path)
    assert store.artifacts() == {}
    store.close()


def test_a_bucket_holds_other_things_and_more_than_a_page(s3: S3Server) -> None:
    url = s3.make_bucket("shared")
    store = open_store(url, Path())
    store.write("handlers/a", b"x", None)
    above, beside = (open_store(place, Path()) for place in ("s3://shared", "s3://shared/nexus2"))
    assert (above.tags(), beside.tags()) == ({}, {})
    above.put_blobs({"0": b""})
    assert beside.sweep((), -5.0) == 0
    assert above.get_blob("0") == b""
    for made in (store, above, beside):
        made.close()


def test_which_store_a_url_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(open_store("sqlite", tmp_path), SqliteStore)
    with pytest.raises(
        ConfigError, match=r"found 'mysql://x/y', allowed: sqlite, postgresql, s3, oci"
    ):
        open_store("mysql://x/y", tmp_path)
    monkeypatch.setattr(choose, "find_spec", lambda name: None)
    assert missing_package("sqlite") is None
    missing = "which needs the package boto3: pip install 'nexus-runtime[s3]'"
    assert missing_package("s3://bucket") == missing
    with pytest.raises(ConfigError, match="found 'postgresql://h/d', which needs the package psyc"):
        open_store("postgresql://h/d", tmp_path)
