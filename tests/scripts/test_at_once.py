"""A response that is there when the handler returns is sent at once, after what comes first."""

from __future__ import annotations

import pytest

from .support import Scripts

PLAIN = "text/plain;charset=UTF-8"


def test_jobs_that_were_queued_before_come_first(scripts: Scripts) -> None:
    handler = scripts.handler(
        """export default (request) => {
             const response = new Response("x");
             Promise.resolve().then(() => response.headers.set("x-a", request.method));
             return response;
           }"""
    )
    found = scripts.fetch(handler)
    assert found.headers == [("content-type", PLAIN), ("x-a", "GET")]


@pytest.mark.parametrize("kind", ["", "async"])
def test_a_rejection_that_nothing_handles_goes_to_the_log(scripts: Scripts, kind: str) -> None:
    handler = scripts.handler(
        f"""export default {kind} () => {{
              Promise.reject(new RangeError("dropped"));
              return new Response("fine");
            }}"""
    )
    assert scripts.fetch(handler).body == b"fine"
    assert "Uncaught (in promise) RangeError: dropped" in scripts.log()


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("5", "must give a Response, but gave number 5"),
        ("Promise.resolve(null)", "must give a Response, but gave null"),
        ("Promise.reject(new RangeError('mine'))", "mine"),
        ("Response.error()", "cannot be sent"),
    ],
)
def test_what_is_no_response(scripts: Scripts, value: str, message: str) -> None:
    handler = scripts.handler(f"export default () => {value}")
    assert message in str(scripts.failure(handler))
    assert scripts.log().count("<3>") == 1


def test_a_response_that_can_be_awaited_is(scripts: Scripts) -> None:
    handler = scripts.handler(
        """export default () => {
             const response = new Response("outer");
             response.then = (resolve) => { delete response.then; resolve(new Response("inner")); };
             return response;
           }"""
    )
    assert scripts.fetch(handler).body == b"inner"


@pytest.mark.parametrize(
    ("made", "body"),
    [
        ('new Response("\\ud83d\\ude00 \\ud83d!")', "\U0001f600 \ufffd!".encode()),
        ('new Response("\\ud83d!").clone()', "\ufffd!".encode()),
        ("new Response(new Uint8Array([0, 255]))", b"\0\xff"),
        ("new Response(null)", b""),
        ('new Response("x".repeat(70000))', b"x" * 70000),
        ("new Response(new Blob(['a', 'b']))", b"ab"),
    ],
)
def test_bodies(scripts: Scripts, made: str, body: bytes) -> None:
    assert scripts.fetch(scripts.handler(f"export default () => {made}")).body == body


def test_a_head_that_does_not_fit_the_scratch_area(scripts: Scripts) -> None:
    handler = scripts.handler(
        """export default async (request) => Response.json([
             request.url.length, request.headers.get("x-a").length, (await request.json()).length,
           ])"""
    )
    long = {"RAW_URI": "/hello?" + "q" * 9000, "HTTP_X_A": "a" * 9000}
    long["CONTENT_TYPE"] = "application/json"
    found = scripts.fetch(handler, b'"' + b"b" * 3000 + b'"', **long)
    assert found.body == b"[%d,9000,3000]" % (len("http://test/hello?") + 9000)


def test_each_request_has_its_own_context_and_environment(scripts: Scripts) -> None:
    handler = scripts.handler(
        """let seen;
           export default (request, env, ctx) => {
             const before = seen;
             seen = [request, env, ctx];
             ctx.mark = env.mark = request.mark = 1;
             return Response.json([before === undefined, Object.keys(ctx)]);
           }"""
    )
    for _ in range(2):
        assert (
            scripts.fetch(handler).body == b'[true,["waitUntil","passThroughOnException","mark"]]'
        )
