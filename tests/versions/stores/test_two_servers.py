"""Two servers on one store: what is deployed to one, the other serves."""

from __future__ import annotations

import json
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import pytest

from tests.e2e.conftest import Answer, Server, serving, until
from tests.e2e.test_versions import call, says
from tests.support import shared_cache

from .servers import PostgresServer, S3Server, postgres, registry

DEPLOYS = 10
REQUESTS = 1000
PAUSE_S = 0.01
"""between two requests, so that they last as long as the deploys"""
OTHER = "s3" if sys.version_info < (3, 11) else "oci"
"""The engine makes no difference to a store: each of CI's Pythons tries one beside PostgreSQL."""


class Store(Protocol):
    """The server of a store, which keeps what it has while it is stopped."""

    def start(self) -> None: ...

    def stop(self) -> None: ...


class Two(NamedTuple):
    store: Store
    environ: dict[str, str]
    servers: tuple[Server, Server]


@pytest.fixture(scope="module", params=["postgresql", OTHER])
def two(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Two]:
    with ExitStack() as stack:
        store, url, own = STORES[request.param](stack)
        environ = {
            "NEXUS_ADMIN_TOKEN": "secret",
            "NEXUS_CACHE_DIR": str(shared_cache()),
            "NEXUS_VERSION_STORE": url,
            "NEXUS_WORKERS": "1",
            **own,
        }
        servers = tuple(
            stack.enter_context(serving(made / "handlers", made, **environ))
            for made in (folder(tmp_path_factory), folder(tmp_path_factory))
        )
        yield Two(store, environ, servers)  # type: ignore[arg-type]


def on_postgresql(stack: ExitStack) -> tuple[Store, str, dict[str, str]]:
    database = stack.enter_context(postgres())
    return database, database.url(), {}


def on_s3(stack: ExitStack) -> tuple[Store, str, dict[str, str]]:
    bucket = S3Server()
    bucket.start()
    stack.callback(bucket.stop)
    return bucket, bucket.make_bucket("two"), bucket.environ


def on_registry(stack: ExitStack) -> tuple[Store, str, dict[str, str]]:
    server = stack.enter_context(registry())
    return server, server.url("two"), {}


STORES = {"postgresql": on_postgresql, "s3": on_s3, "oci": on_registry}
"""each starts the store's server; returns it, the store's URL, and variables for Nexus"""


def folder(factory: pytest.TempPathFactory) -> Path:
    made = factory.mktemp("server")
    (made / "handlers").mkdir()
    return made


def deploy(server: Server, text: str) -> Answer:
    """Deploy a version of two files, each with *text*."""
    main = 'import { word } from "./word.js";\n'
    main += f"export default {{ fetch: () => new Response(`{text} ${{word}}`) }};"
    files = {"hello.js": main, "word.js": f'export const word = "{text}";'}
    body = "".join(
        "--XX\r\nContent-Disposition: form-data; "
        f'name="files"; filename="{name}"\r\n\r\n{content}\r\n'
        for name, content in files.items()
    )
    kind = "multipart/form-data; boundary=XX"
    form = f"{body}--XX--\r\n".encode()
    return call(server, "PUT", "/v1/handlers/hello", form, Content_Type=kind)


def metric(server: Server, name: str) -> str:
    lines = server.get("/metrics").body.decode().splitlines()
    return next(line.split()[1] for line in lines if line.startswith(f"{name} "))


def test_requests_through_ten_deploys(two: Two) -> None:
    """None fails, none mixes versions, and both servers end with the newest."""
    assert deploy(two.servers[0], "n0").status == 201
    until(lambda: all(server.get("/hello").status == 200 for server in two.servers))
    answers: list[tuple[int, bytes]] = []
    deployed = threading.Event()

    def ask(server: Server) -> None:
        connection = HTTPConnection("127.0.0.1", server.port)
        while not deployed.is_set() or len(answers) < REQUESTS:
            connection.request("GET", "/hello")
            answer = connection.getresponse()
            answers.append((answer.status, answer.read()))
            deployed.wait(PAUSE_S)
        connection.close()

    threads = [threading.Thread(target=ask, args=(server,)) for server in two.servers]
    for thread in threads:
        thread.start()
    for number in range(1, DEPLOYS + 1):
        answer = deploy(two.servers[number % 2], f"n{number}")
        assert (answer.status, json.loads(answer.body)["id"]) == (201, f"v{number + 1}")
    until(lambda: all(server.get("/hello").body == b"n10 n10" for server in two.servers))
    deployed.set()
    for thread in threads:
        thread.join()
    assert Counter(status for status, _ in answers) == {200: len(answers)}
    assert {body for _, body in answers} <= {b"n%d n%d" % (n, n) for n in range(DEPLOYS + 1)}


def test_operators_at_two_servers_do_not_overwrite_each_other(two: Two) -> None:
    listed = [call(server, "GET", "/v1/handlers/hello/versions") for server in two.servers]
    tags = [answer.headers["ETag"] for answer in listed]
    assert tags[0] == tags[1]
    path = "/v1/handlers/hello/versions/v1/activate"
    first = call(two.servers[0], "POST", path, b"", If_Match=tags[0])
    late = call(two.servers[1], "POST", path, b"", If_Match=tags[1])
    assert (first.status, late.status) == (200, 412)
    until(lambda: all(server.get("/hello").body == b"n0 n0" for server in two.servers))


@pytest.mark.parametrize("two", ["postgresql"], indirect=True)
def test_the_store_may_be_away(two: Two, tmp_path: Path) -> None:
    """What is loaded serves; a server that starts meanwhile leaves requests to the others."""
    store, environ, servers = two
    store.stop()
    refused = deploy(servers[0], "away")
    assert (refused.status, json.loads(refused.body)["code"]) == (503, "STORE_UNAVAILABLE")
    for server in servers:
        until(lambda: metric(server, "nexus_version_store_up") == "0.0")  # noqa: B023
        assert (server.get("/readyz").status, server.get("/hello").body) == (200, b"n0 n0")
    (tmp_path / "handlers").mkdir()
    (tmp_path / "handlers" / "own.js").write_bytes(says("own"))
    with ExitStack() as stack:
        thread = threading.Thread(target=store.start)
        third = third_server(stack, tmp_path, environ)
        until(lambda: third.get("/own").body == b"own")
        why = b"the store of versions has not been read yet"
        until(lambda: why in third.get("/readyz").body)
        assert (third.get("/readyz").status, third.get("/hello").status) == (503, 503)
        thread.start()
        until(lambda: third.get("/readyz").status == 200)
        thread.join()
        assert third.get("/hello").body == b"n0 n0"
    assert deploy(servers[0], "back").status == 201
    for server in servers:
        until(lambda: server.get("/hello").body == b"back back")  # noqa: B023
        until(lambda: metric(server, "nexus_version_store_up") == "1.0")  # noqa: B023


@pytest.mark.parametrize("two", ["postgresql"], indirect=True)
def test_a_store_that_hangs_holds_no_thread_for_long(two: Two) -> None:
    """What is loaded serves, also while more requests need the store than there are threads."""
    database, _, servers = two
    assert isinstance(database, PostgresServer)
    before = servers[0].get("/hello").body
    wrong = {"Authorization": "Bearer wrong"}
    codes: list[int] = []

    def ask() -> None:
        codes.append(servers[0].get("/v1/handlers", headers=wrong).status)

    with database.halted():
        threads = [threading.Thread(target=ask) for _ in range(14)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        until(lambda: metric(servers[0], "nexus_version_store_up") == "0.0")
        assert (servers[0].get("/hello").body, servers[0].get("/readyz").status) == (before, 200)
        assert deploy(servers[0], "hung").status == 503
    assert set(codes) == {503}
    assert len(codes) == len(threads)
    until(lambda: metric(servers[0], "nexus_version_store_up") == "1.0")
    assert deploy(servers[0], "awake").status == 201


def third_server(stack: ExitStack, scratch: Path, environ: dict[str, Any]) -> Server:
    return stack.enter_context(
        serving(scratch / "handlers", scratch, ready_path="/healthz", **environ)
    )
