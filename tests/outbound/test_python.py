"""nexus.fetch and urllib.request in Python handlers, on every engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from threading import Barrier, Event

import pytest

from nexus.errors import DeadlineExceeded, PermissionDenied
from nexus.model import Handler
from nexus.outbound.client import OutboundClient
from tests.python.support import LIMITS as GUEST_LIMITS
from tests.python.support import Pythons
from tests.set_up import ENGINES

from .name_server import NameServer
from .servers import Seen, Server, answer, in_chunks, redirect

Serve = Callable[..., Server]


@pytest.fixture(scope="module", params=ENGINES)
def engine(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Pythons]:
    made = Pythons(request.param, tmp_path_factory.mktemp("engine"))
    yield made
    made.close()


@pytest.fixture
def python(engine: Pythons, client: OutboundClient) -> Iterator[Pythons]:
    engine.outbound = client
    yield engine
    engine.outbound = None


def making(python: Pythons, body: str, *grants: str, **fields: object) -> Handler:
    """A handler with this *body* in `fetch`; `base` is the first grant."""
    lines = "\n".join(f"    {line}" for line in body.strip("\n").split("\n"))
    source = (
        "import asyncio\nimport json\nimport urllib.error\nimport urllib.request\nimport nexus\n"
        f"from nexus import Response\nbase = {grants[0] if grants else ''!r}\n"
        f"{'async ' * ('await ' in body)}def fetch(request, env, ctx):\n{lines}\n"
    )
    return python.handler(source, http=grants, **fields)


def text(python: Pythons, body: str, *grants: str) -> str:
    """The text that such a handler answers with."""
    return python.fetch(making(python, body, *grants)).body.decode()


def test_a_fetch_and_its_answer(python: Pythons, serve: Serve) -> None:
    server = serve(answers=lambda seen: answer(b'{"n": 7}', "201 Made", X_A="1"))
    body = """
found = nexus.fetch(base + "/x?y=1", "POST", {"a": "b"}, "é")
return [found.status, found.reason, found.ok, found.headers["x-a"], found.url, found.json()["n"]]
"""
    wanted = f'[201, "Made", true, "1", "{server.url}/x?y=1", 7]'
    assert text(python, body, server.url) == wanted
    (seen,) = server.seen
    assert (seen.method, seen.path, seen.body) == ("POST", "/x?y=1", "é".encode())
    assert seen.header("a") == "b"


def test_an_answer_can_be_passed_on(python: Pythons, serve: Serve) -> None:
    content = bytes(range(256)) * 1000
    server = serve(answers=lambda seen: answer(content, "404 None", Content_Type="x/y"))
    found = python.fetch(making(python, "return await nexus.fetch(base)", server.url))
    assert (found.status, found.body) == (404, content)
    assert ("content-type", "x/y") in found.headers


def test_requests_are_under_way_at_once(python: Pythons, serve: Serve) -> None:
    """No answer comes before all requests have arrived."""
    all_here = Barrier(4, timeout=9)

    def answers(seen: Seen) -> bytes:
        all_here.wait()
        return answer(seen.path.encode())

    server = serve(answers=answers)
    body = """
found = await asyncio.gather(*[nexus.fetch(f"{base}/{n}") for n in range(4)])
return " ".join(one.text() for one in found)
"""
    assert text(python, body, server.url) == "/0 /1 /2 /3"


def test_a_timeout_ends_the_wait(python: Pythons, serve: Serve) -> None:
    release = Event()
    server = serve(answers=lambda seen: answer() if release.wait(9) else b"")
    body = """
try:
    nexus.fetch(base, timeout=0.02)
except TimeoutError as error:
    return str(error)
"""
    assert text(python, body, server.url) == "no answer within 0.02 s"
    body = """
found = []
for call in (nexus.fetch(base, timeout=0.02), asyncio.wait_for(nexus.fetch(base), 0.02)):
    try:
        await call
    except TimeoutError as error:
        found.append(type(error).__name__)
return found
"""
    assert text(python, body, server.url) == '["TimeoutError", "TimeoutError"]'
    release.set()


def test_the_deadline_ends_the_wait(python: Pythons, serve: Serve) -> None:
    release = Event()
    server = serve(answers=lambda seen: answer() if release.wait(9) else b"")
    limits = replace(GUEST_LIMITS, timeout_s=0.5)
    handler = making(python, "return nexus.fetch(base)", server.url, limits=limits)
    assert isinstance(python.failure(handler), DeadlineExceeded)
    release.set()


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("https://api.test/", "does not grant http: https://api.test"),
        ("http://inside.test/", "http://inside.test: its address is not public, nor granted"),
    ],
)
@pytest.mark.parametrize("call", ["nexus.fetch", "urllib.request.urlopen", "await nexus.fetch"])
def test_what_is_not_granted_is_denied(
    call: str, url: str, message: str, python: Pythons, names: NameServer
) -> None:
    names.add("inside.test", ["127.0.0.1"])
    error = python.failure(making(python, f"return {call}({url!r})", "http://inside.test"))
    assert isinstance(error, PermissionDenied)
    assert message in str(error)


def test_a_handler_without_grants_calls_nobody(python: Pythons) -> None:
    body = """
try:
    nexus.fetch("http://127.0.0.1/")
except PermissionError as error:
    return str(error)
"""
    assert text(python, body) == "the handler's manifest grants no host in http"


def test_failures_can_be_caught(python: Pythons, serve: Serve) -> None:
    server = serve(answers=lambda seen: b"")
    body = """
found = []
for url in (base, "ftp://a.test/"):
    try:
        nexus.fetch(url)
    except (nexus.FetchError, ValueError) as error:
        found.append(type(error).__name__)
try:
    urllib.request.urlopen(base)
except urllib.error.URLError as error:
    found.append(type(error.reason).__name__)
return found
"""
    assert text(python, body, server.url) == '["FetchError", "ValueError", "FetchError"]'


# ---- urllib.request --------------------------------------------------------------------------


def test_urllib_sends_and_receives(python: Pythons, serve: Serve) -> None:
    server = serve(answers=lambda seen: answer(b"body", "201 Made", X_A="1"))
    body = """
request = urllib.request.Request(base + "/x", data=b"sent", headers={"X-B": "2"})
with urllib.request.urlopen(request, timeout=9) as found:
    return [found.status, found.reason, found.headers["X-A"], found.geturl(), found.read().decode()]
"""
    assert text(python, body, server.url) == f'[201, "Made", "1", "{server.url}/x", "body"]'
    (seen,) = server.seen
    assert (seen.method, seen.header("x-b"), seen.body) == ("POST", "2", b"sent")


def test_urllib_follows_redirects_and_raises_errors(python: Pythons, serve: Serve) -> None:
    def answers(seen: Seen) -> bytes:
        if seen.path == "/":
            return redirect("/there")
        return answer(b"gone", "404 None") if seen.path == "/404" else answer(seen.path.encode())

    server = serve(answers=answers)
    body = """
with urllib.request.urlopen(base) as found:
    texts = [found.read().decode(), found.geturl()]
try:
    urllib.request.urlopen(base + "/404")
except urllib.error.HTTPError as error:
    with error:
        return [*texts, error.code, error.read().decode()]
"""
    assert text(python, body, server.url) == f'["/there", "{server.url}/there", 404, "gone"]'


def test_urllib_cannot_be_redirected_inside(python: Pythons, serve: Serve) -> None:
    inside = serve()
    server = serve(answers=lambda seen: redirect(f"{inside.url}/"))
    handler = making(python, "return urllib.request.urlopen(base).read()", server.url)
    assert isinstance(python.failure(handler), PermissionDenied)
    assert inside.connections == 0


def test_a_json_context_can_fetch(python: Pythons, serve: Serve) -> None:
    server = serve()
    call = f"(await nexus.fetch({server.url!r})).text()"
    source = f"import nexus\nasync def run(context):\n    return {call}\n"
    assert python.evaluate(python.handler(source, http=(server.url,)), "{}") == "ok"


# ---- long bodies -----------------------------------------------------------------------------

LONG = bytes(range(256)) * 1000


def test_a_part_is_read_before_the_next_is_sent(python: Pythons, serve: Serve) -> None:
    """Other requests are under way meanwhile."""
    asked = Event()

    def answers(seen: Seen) -> bytes:
        if seen.path == "/next":
            asked.set()
            return answer()
        seen.send(in_chunks(b"one"))
        assert asked.wait(9)
        return in_chunks(b"two", b"", head=False)

    server = serve(answers=answers)
    body = """
with urllib.request.urlopen(base) as first, nexus.fetch(base, stream=True).body as second:
    parts = [first.read(3), second.read(3)]
    urllib.request.urlopen(base + "/next").read()
    parts += [first.read(), *second]
return b" ".join(parts).decode()
"""
    assert text(python, body, server.url) == "one one two two"


def test_everything_reads_a_long_body(python: Pythons, serve: Serve) -> None:
    server = serve(answers=lambda seen: answer(LONG))
    body = """
found = urllib.request.urlopen(base)
start = found.read(300)
return [
    start + found.read() == nexus.fetch(base).body, nexus.fetch(base, stream=True).body.read(2)[1],
    len(urllib.request.urlopen(base).readlines()), len(nexus.fetch(base, stream=True).text()),
    len([len(part) for part in nexus.fetch(base, stream=True).body]) > 3,
]
"""
    lines = len(LONG.splitlines(keepends=True)) and LONG.count(b"\n") + 1
    wanted = f"[true,1,{lines},{len(LONG)},true]"
    assert text(python, body, server.url).replace(" ", "") == wanted


def test_a_long_answer_can_be_passed_on(python: Pythons, serve: Serve) -> None:
    server = serve(answers=lambda seen: answer(LONG))
    handler = making(python, "return nexus.fetch(base, stream=True)", server.url)
    assert python.fetch(handler).body == LONG


def test_a_closed_body_leaves_its_server(python: Pythons, serve: Serve) -> None:
    left = Event()

    def answers(seen: Seen) -> bytes:
        if seen.path == "/breaks":
            seen.send(in_chunks(b"one"))
        elif seen.path == "/long":
            seen.send(in_chunks(b"one"))
            if seen.wait_for_close(9):
                left.set()
        return b"" if seen.path != "/left" or not left.wait(9) else answer()

    server = serve(answers=answers)
    body = """
found = urllib.request.urlopen(base + "/long")
found.read(1)
found.close()
assert urllib.request.urlopen(base + "/left").read() == b"ok"
try:
    return urllib.request.urlopen(base + "/breaks").read()
except nexus.FetchError as error:
    return str(error)
"""
    reason = "the connection broke, or the answer is not HTTP"
    assert text(python, body, server.url) == f"{server.url}: {reason}"
