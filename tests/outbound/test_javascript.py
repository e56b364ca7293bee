"""fetch in JavaScript handlers, on every engine: from the handler to a server and back."""

from __future__ import annotations

from collections.abc import Callable
from threading import Barrier, Event

import pytest

from nexus.errors import DeadlineExceeded, PermissionDenied
from nexus.model import Handler
from tests.scripts.support import Scripts

from .name_server import NameServer
from .servers import Seen, Server, answer, redirect

Serve = Callable[..., Server]


def making(scripts: Scripts, body: str, *grants: str, **fields: object) -> Handler:
    """A handler with this *body*, whose `base` is the first grant."""
    base = grants[0] if grants else ""
    source = f'const base = "{base}"; export default async (request) => {{ {body} }}'
    return scripts.handler(source, http=grants, **fields)


def text(scripts: Scripts, body: str, *grants: str, **meta: object) -> str:
    """The text that such a handler answers with."""
    return scripts.fetch(making(scripts, body, *grants), **meta).body.decode()


def test_a_fetch_and_its_answer(scripts: Scripts, serve: Serve) -> None:
    server = serve(answers=lambda seen: answer(b'{"n": 7}', "201 Made", X_A="1"))
    body = """
      const options = { method: "POST", body: "é", headers: { a: "b" } };
      const response = await fetch(`${base}/x?y=1`, options);
      const { n } = await response.json();
      return Response.json([response.status, response.statusText, response.headers.get("x-a"), n]);
    """
    assert text(scripts, body, server.url) == '[201,"Made","1",7]'
    (seen,) = server.seen
    assert (seen.method, seen.path, seen.body) == ("POST", "/x?y=1", "é".encode())
    assert seen.header("a") == "b"


def test_a_thousand_requests_one_after_the_other(scripts: Scripts, serve: Serve) -> None:
    server = serve()
    body = """
      let length = 0;
      for (let i = 0; i < 1000; i += 1) length += (await (await fetch(base)).text()).length;
      return new Response(`${length}`);
    """
    limits = scripts.limits.__class__(timeout_s=60.0, cpu_timeout_s=60.0, memory_bytes=16 << 20)
    assert scripts.fetch(making(scripts, body, server.url, limits=limits)).body == b"2000"


def test_an_answer_can_be_passed_on(scripts: Scripts, serve: Serve) -> None:
    content = bytes(range(256)) * 1000
    server = serve(answers=lambda seen: answer(content, "404 None", Content_Type="x/y"))
    handler = making(scripts, "return fetch(base + new URL(request.url).pathname)", server.url)
    found = scripts.fetch(handler)
    assert (found.status, found.body) == (404, content)
    assert ("content-type", "x/y") in found.headers
    assert server.seen[0].path == "/hello"


def test_a_request_can_be_passed_on(scripts: Scripts, serve: Serve) -> None:
    server = serve(answers=lambda seen: answer(seen.body))
    handler = making(scripts, "return fetch(new Request(base, request))", server.url)
    found = scripts.fetch(handler, b"body", REQUEST_METHOD="POST", HTTP_X_A="1", CONTENT_LENGTH="4")
    assert found.body == b"body"
    (seen,) = server.seen
    assert (seen.method, seen.header("x-a")) == ("POST", "1")
    assert seen.header("host") == server.url.removeprefix("http://")


def test_requests_are_under_way_at_once(scripts: Scripts, serve: Serve) -> None:
    """No answer comes before all requests have arrived."""
    all_here = Barrier(4, timeout=9)

    def answers(seen: Seen) -> bytes:
        all_here.wait()
        return answer(seen.path.encode())

    server = serve(answers=answers)
    body = """
      const texts = ["/1", "/2", "/3", "/4"].map(async (path) => (await fetch(base + path)).text());
      return new Response((await Promise.all(texts)).join(" "));
    """
    assert text(scripts, body, server.url) == "/1 /2 /3 /4"


def test_timers_go_on_meanwhile(scripts: Scripts, serve: Serve) -> None:
    ticked = Event()

    def answers(seen: Seen) -> bytes:
        if seen.path == "/tick":
            ticked.set()
        return answer() if ticked.wait(9) else b""

    server = serve(answers=answers)
    body = """
      setTimeout(() => fetch(`${base}/tick`), 20);
      return fetch(base);
    """
    assert text(scripts, body, server.url) == "ok"


def test_an_abort_ends_the_wait(scripts: Scripts, serve: Serve) -> None:
    release = Event()
    server = serve(answers=lambda seen: answer() if release.wait(9) else b"")
    body = """
      try { await fetch(base, { signal: AbortSignal.timeout(20) }); }
      catch (error) { return new Response(error.name); }
    """
    assert text(scripts, body, server.url) == "TimeoutError"
    release.set()


def test_the_deadline_ends_the_wait(scripts: Scripts, serve: Serve) -> None:
    release = Event()
    server = serve(answers=lambda seen: answer() if release.wait(9) else b"")
    limits = scripts.limits.__class__(timeout_s=0.2, cpu_timeout_s=0.2, memory_bytes=16 << 20)
    handler = making(scripts, "return fetch(base)", server.url, limits=limits)
    assert isinstance(scripts.failure(handler), DeadlineExceeded)
    release.set()
    assert len(server.seen) == 1


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("https://api.test/", "does not grant http: https://api.test"),
        ("http://127.1:1/", "does not grant http: http://127.0.0.1:1"),
        ("http://①②⑦.⓪.⓪.①/", "does not grant http: http://127.0.0.1"),
        ("http://inside.test/", "http://inside.test: its address is not public, nor granted"),
    ],
)
def test_what_is_not_granted_is_denied(
    url: str, message: str, scripts: Scripts, names: NameServer
) -> None:
    names.add("inside.test", ["127.0.0.1"])
    handler = making(scripts, f"return fetch({url!r})", "http://inside.test")
    error = scripts.failure(handler)
    assert isinstance(error, PermissionDenied)
    assert message in str(error)


def test_a_redirect_inside_is_denied(scripts: Scripts, serve: Serve) -> None:
    inside = serve()
    server = serve(answers=lambda seen: redirect(f"{inside.url}/"))
    error = scripts.failure(making(scripts, "return fetch(base)", server.url))
    assert isinstance(error, PermissionDenied)
    assert inside.connections == 0


def test_a_handler_without_grants_calls_nobody(scripts: Scripts) -> None:
    body = """
      try { await fetch("http://127.0.0.1/"); }
      catch (error) { return new Response(`${error.name}: ${error.message}`); }
    """
    wanted = "PermissionDenied: the handler's manifest grants no host in http"
    assert text(scripts, body) == wanted


def test_a_failure_can_be_caught(scripts: Scripts, serve: Serve) -> None:
    server = serve(answers=lambda seen: b"")
    body = """
      try { await fetch(base); } catch (error) { return new Response(`${error}`); }
    """
    reason = "the connection broke, or the answer is not HTTP"
    assert text(scripts, body, server.url) == f"TypeError: fetch failed: {server.url}: {reason}"


def test_nothing_is_left_for_the_next_request(scripts: Scripts, serve: Serve) -> None:
    """An answer that nobody waited for does not reach the next execution."""
    release = Event()

    def answers(seen: Seen) -> bytes:
        return answer(seen.path.encode()) if seen.path != "/slow" or release.wait(9) else b""

    server = serve(answers=answers)
    body = """
      const { pathname } = new URL(request.url);
      if (pathname === "/leave") { fetch(base + "/slow"); return new Response("left"); }
      return fetch(base + pathname);
    """
    handler = making(scripts, body, server.url)
    assert scripts.fetch(handler, PATH_INFO="/leave").body == b"left"
    release.set()
    for _ in range(3):
        assert scripts.fetch(handler, PATH_INFO="/next").body == b"/next"


def test_waiting_takes_no_cpu_time(scripts: Scripts, serve: Serve) -> None:
    release = Event()
    server = serve(answers=lambda seen: answer() if not release.wait(0.3) else b"")
    limits = scripts.limits.__class__(timeout_s=5.0, cpu_timeout_s=0.25, memory_bytes=16 << 20)
    handler = making(scripts, "return fetch(base)", server.url, limits=limits)
    assert scripts.fetch(handler).body == b"ok"
    assert scripts.last.usage.cpu_s < scripts.last.usage.duration_s


def test_a_json_context_can_fetch(scripts: Scripts, serve: Serve) -> None:
    server = serve()
    source = f'export default async () => (await fetch("{server.url}")).text()'
    assert scripts.evaluate(scripts.handler(source, http=(server.url,)), "{}") == "ok"


def test_loading_a_handler_calls_nobody(scripts: Scripts, serve: Serve) -> None:
    server = serve()
    source = f"""
      let reason;
      fetch("{server.url}").catch((error) => {{ reason = error; }});
      export default () => new Response(reason.message);
    """
    handler = scripts.handler(source, http=(server.url,))
    assert scripts.fetch(handler).body == b"fetch works in a request, not while loading"
    assert server.connections == 0
