"""The packages `requests` and `httpx` in Python handlers, as `nexus vendor` brings them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.metadata import files
from pathlib import Path
from threading import Barrier, Event

import pytest

from nexus.model import Handler
from nexus.outbound.client import OutboundClient
from tests.python.support import Pythons
from tests.set_up import ENGINES

from .servers import Seen, Server, answer, in_chunks, redirect

Serve = Callable[..., Server]
PACKAGES = (
    *("requests", "urllib3", "idna", "certifi", "charset-normalizer"),
    *("httpx", "httpcore", "anyio", "h11"),
)
SOURCE = """
import asyncio, json
import httpx, nexus, requests

def fetch(request, env, ctx):
    base = request.headers["x-base"]
    return globals()[request.path.rpartition("/")[2]](base)

def with_requests(base):
    session = requests.Session()
    session.headers["X-A"] = "1"
    session.auth = ("me", "secret")
    found = session.post(base + "/redirect", json={"n": 7})
    sent = requests.post(base + "/echo", data=iter([b"a", b"b"]), verify=False, timeout=(1, 9))
    with requests.get(base + "/long", stream=True) as long:
        first = next(long.iter_content(3))
        rest = b"".join(long.iter_content(None))
    return [
        found.status_code, found.reason, found.json(), found.url, len(found.history),
        dict(session.cookies), found.headers["X-B"], sent.text, first.decode(), len(rest),
    ]

def with_httpx(base):
    with httpx.Client(http2=False, headers={"X-A": "1"}, follow_redirects=True) as client:
        found = client.post(base + "/redirect", json={"n": 7}, auth=("me", "secret"))
        sent = httpx.post(base + "/echo", content=b"ab", verify=False, timeout=9)
        with client.stream("GET", base + "/long") as long:
            parts = list(long.iter_bytes())
        return [
            found.status_code, found.reason_phrase, found.json(), str(found.url),
            len(found.history), dict(client.cookies), found.headers["X-B"], sent.text,
            parts[0].decode(), sum(map(len, parts[1:])),
        ]

def side_by_side(base):
    async def run():
        async with httpx.AsyncClient() as client:
            found = await asyncio.gather(*[client.get(f"{base}/together/{n}") for n in range(3)])
            async with client.stream("GET", base + "/long") as long:
                parts = [part async for part in long.aiter_bytes()]
        return [one.text for one in found] + [parts[0].decode()]
    return asyncio.run(run())

def failures(base):
    def name_of(call, *arguments, **named):
        try:
            call(*arguments, **named)
        except Exception as error:
            return type(error).__module__.split(".")[0] + "." + type(error).__name__
    found = []
    for get in (requests.get, httpx.get):
        found += [
            name_of(get, base + "/held", timeout=0.05), name_of(get, base + "/breaks"),
            name_of(get, "http://127.0.0.1:1/"),
            name_of(lambda: get(base + "/missing").raise_for_status()),
        ]
    return found
"""


class Upstream:
    def __init__(self, serve: Serve) -> None:
        self.together, self.release = Barrier(3, timeout=9), Event()
        self.server = serve(answers=self._answer)
        self.url = self.server.url

    def _answer(self, seen: Seen) -> bytes:
        if seen.path == "/redirect":
            return redirect("/there", 307)
        if seen.path == "/there":
            sent = {"body": json.loads(seen.body), "method": seen.method}
            sent |= {"a": seen.header("x-a"), "auth": seen.header("authorization")}
            return answer(json.dumps(sent).encode(), "201 Made", X_B="2", Set_Cookie="c=d")
        if seen.path == "/long":
            seen.send(in_chunks(b"one"))
            return in_chunks(b"two" * 50_000, b"", head=False)
        if seen.path.startswith("/together"):
            self.together.wait()
        if seen.path == "/held":
            self.release.wait(9)
        missing = seen.path == "/missing"
        content = seen.body or seen.path.encode()
        return b"" if seen.path == "/breaks" else answer(content, "404 No" if missing else "200 OK")


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pythons]:
    """One engine: what is tested is Python."""
    made = Pythons(ENGINES[0], tmp_path_factory.mktemp("engine"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def handler(python: Pythons) -> Handler:
    sources = {"main.py": SOURCE.encode()}
    for package in PACKAGES:
        for path in files(package) or ():
            if path.suffix == ".py" or path.name in {"METADATA", "RECORD"}:
                sources[f"site-packages/{path}"] = Path(str(path.locate())).read_bytes()
    return python.handler(sources)


@pytest.fixture
def upstream(serve: Serve) -> Upstream:
    return Upstream(serve)


@pytest.fixture
def ask(
    python: Pythons, handler: Handler, client: OutboundClient, upstream: Upstream
) -> Iterator[Callable[[str], object]]:
    """Calls a function of the handler, and returns what it answers."""
    granted = replace(handler, http=(upstream.url,))
    python.outbound = client

    def call(name: str) -> object:
        found = python.fetch(granted, HTTP_X_BASE=upstream.url, PATH_INFO=f"/{name}")
        assert found.status == 200, found.body
        return json.loads(found.body)

    yield call
    python.outbound = None


@pytest.mark.parametrize("with_", ["with_requests", "with_httpx"])
def test_it_sends_and_receives(
    with_: str, ask: Callable[[str], object], upstream: Upstream
) -> None:
    sent = {"body": {"n": 7}, "method": "POST", "a": "1", "auth": "Basic bWU6c2VjcmV0"}
    url = f"{upstream.url}/there"
    wanted = [201, "Made", sent, url, 1, {"c": "d"}, "2", "ab", "one", 150_000]
    assert ask(with_) == wanted


def test_httpx_sends_side_by_side(ask: Callable[[str], object]) -> None:
    wanted = [*(f"/together/{n}" for n in range(3)), "one"]
    assert ask("side_by_side") == wanted


def test_failures_are_their_own(ask: Callable[[str], object], upstream: Upstream) -> None:
    found = ask("failures")
    upstream.release.set()
    assert found == [
        *("requests.ReadTimeout", "requests.ConnectionError"),
        *("nexus.PermissionDenied", "requests.HTTPError"),
        *("httpx.ReadTimeout", "httpx.ConnectError"),
        *("nexus.PermissionDenied", "httpx.HTTPStatusError"),
    ]
