"""Requests and responses: what crosses between host and JavaScript, byte for byte."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import replace

import pytest

from nexus.errors import GuestTrap, InvalidResponse, ResourceLimit

from .support import LIMITS, Scripts

ECHO = """export default async (request, env) => {
  const bytes = new Uint8Array(await request.arrayBuffer());
  return new Response(bytes, { status: 207, headers: {
    "content-type": "application/octet-stream",
    "x-head": JSON.stringify([request.method, request.url, [...request.headers], env]),
  } });
}"""


def answering(expression: str) -> str:
    return f"export default {{ fetch(request, env) {{ return {expression}; }} }}"


@pytest.mark.parametrize("body", [b"", b"a", bytes(range(256)), b"\0" * 20_000, b"x" * 1_000_000])
def test_bodies_are_exact(scripts: Scripts, body: bytes) -> None:
    response = scripts.fetch(scripts.handler(ECHO), body, REQUEST_METHOD="POST")
    assert (response.status, response.body) == (207, body)


def test_the_head_arrives(scripts: Scripts) -> None:
    handler = scripts.handler(ECHO, env={"KEY": "wört"})
    response = scripts.fetch(
        handler,
        b"12",
        REQUEST_METHOD="PUT",
        RAW_URI="/hello/a%20b?x=1&x=2",
        HTTP_X_TWO="b\xe9",
        CONTENT_TYPE="text/plain",
        CONTENT_LENGTH="2",
        HTTP_CONNECTION="close",
        HTTP_AUTHORIZATION="secret",
    )
    method, url, headers, env = json.loads(dict(response.headers)["x-head"])
    assert (method, url) == ("PUT", "http://test/hello/a%20b?x=1&x=2")
    assert dict(headers) == {
        "host": "test",
        "x-two": "b\xe9",
        "content-type": "text/plain",
        "content-length": "2",
    }
    assert env == {"KEY": "wört"}


def test_credentials_need_the_capability(scripts: Scripts) -> None:
    handler = scripts.handler(
        answering('new Response(request.headers.get("authorization"))'),
        capabilities=("http:authorization",),
    )
    assert scripts.fetch(handler, HTTP_AUTHORIZATION="Basic x").body == b"Basic x"


def test_connection_headers_stay_out_of_the_response(scripts: Scripts) -> None:
    handler = scripts.handler(
        answering(
            'new Response("a", {headers: {"connection": "x", "proxy-a": "x", "x-nexus-outcome": '
            '"ok", "transfer-encoding": "chunked", "content-length": "1", "x-kept": "y"}})'
        )
    )
    names = {name for name, _ in scripts.fetch(handler).headers}
    assert names == {"content-type", "x-kept"}


def test_a_wrong_length_is_found_out(scripts: Scripts) -> None:
    handler = scripts.handler(answering('new Response("abc", {headers: {"content-length": "2"}})'))
    with pytest.raises(InvalidResponse, match="'2', but the body has 3 bytes"):
        scripts.fetch(handler)
    assert scripts.fetch(handler, REQUEST_METHOD="HEAD").length == 2


@pytest.mark.parametrize(
    ("response", "length"),
    [
        ('new Response(null, {headers: {"content-length": "1234"}})', 1234),
        ('new Response("abc")', 3),
        ("new Response(null)", None),
        ('new Response(null, {status: 304, headers: {"content-length": "1234"}})', 1234),
        ("new Response(null, {status: 304})", None),
    ],
)
def test_a_head_keeps_the_length_that_was_said(
    scripts: Scripts, response: str, length: int | None
) -> None:
    answer = scripts.fetch(scripts.handler(answering(response)), REQUEST_METHOD="HEAD")
    assert (answer.body, answer.length) == (b"", length)


def test_not_modified_keeps_the_length_that_was_said(scripts: Scripts) -> None:
    answer = 'new Response(null, {status: 304, headers: {"content-length": "1234"}})'
    assert scripts.fetch(scripts.handler(answering(answer))).length == 1234


def test_a_length_that_is_no_number_is_found_out(scripts: Scripts) -> None:
    handler = scripts.handler(answering('new Response(null, {headers: {"content-length": "x"}})'))
    with pytest.raises(InvalidResponse, match="Content-Length is 'x'; allowed"):
        scripts.fetch(handler, REQUEST_METHOD="HEAD")


def test_no_body_with_204(scripts: Scripts) -> None:
    response = scripts.fetch(scripts.handler(answering("new Response(null, {status: 204})")))
    assert (response.status, response.body) == (204, b"")


def test_a_header_cannot_be_injected(scripts: Scripts) -> None:
    handler = scripts.handler(
        answering('new Response("", {headers: {"x": "a\\r\\nset-cookie: b"}})')
    )
    with pytest.raises(GuestTrap, match="TypeError"):
        scripts.fetch(handler)


def test_the_body_has_a_cap(scripts: Scripts) -> None:
    limits = replace(LIMITS, max_response_bytes=1000)
    handler = scripts.handler(answering("new Response(new Uint8Array(1001))"), limits=limits)
    with pytest.raises(ResourceLimit):
        scripts.fetch(handler)


def test_requests_do_not_see_each_other(scripts: Scripts) -> None:
    handler = scripts.handler(
        "let n = 0; globalThis.m ??= 0;"
        "export default () => new Response(`${++n} ${++m} ${Math.random()} ${crypto.randomUUID()}`)"
    )
    answers = {scripts.fetch(handler).body for _ in range(5)}
    assert {answer[:4] for answer in answers} == {b"1 1 "}
    assert len(answers) == 5
    assert len({answer.split()[2] for answer in answers}) == 5


def test_the_log_has_levels(scripts: Scripts) -> None:
    handler = scripts.handler(
        'export default () => { console.log("a"); console.error("b\\nc"); console.warn("d");'
        'console.debug("é😀"); return new Response("") }'
    )
    scripts.fetch(handler)
    assert scripts.log() == "a\n<3>b\n<+>c\n<4>d\n<7>é😀\n"


def test_digests_and_hmacs_are_the_hosts(scripts: Scripts) -> None:
    handler = scripts.handler("""export default async (request) => {
      const hex = (b) => [...new Uint8Array(b)].map(x => x.toString(16).padStart(2, "0")).join("");
      const data = new TextEncoder().encode("abc");
      const key = await crypto.subtle.importKey("raw", data, {name: "HMAC", hash: "SHA-256"},
        false, ["sign"]);
      return Response.json([hex(await crypto.subtle.digest("SHA-1", data)),
        hex(await crypto.subtle.sign("HMAC", key, data))]);
    }""")
    expected = [hashlib.sha1(b"abc").hexdigest(), hmac.new(b"abc", b"abc", "sha256").hexdigest()]
    assert json.loads(scripts.fetch(handler).body) == expected


def test_timers_pass_time(scripts: Scripts) -> None:
    handler = scripts.handler(
        "export default async () => { const t = Date.now();"
        "await new Promise(r => setTimeout(r, 30)); return new Response(`${Date.now() - t}`) }"
    )
    assert 25 <= int(scripts.fetch(handler).body) < 1000
