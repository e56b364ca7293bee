"""The head of a request as guests in JavaScript and Python get it."""

from __future__ import annotations

import json

import pytest

from nexus.guest.json_request import fields_of, head_of
from nexus.model import HttpRequest, Scheduled

from .support import handler


@pytest.mark.parametrize(
    ("route", "script_name", "raw", "expected"),
    [
        ("/hello", "", "/hello", "/"),
        ("/hello", "", "/hello/", "/"),
        ("/hello", "", "/hello/a%20b/c?x=/hello", "/a%20b/c?x=/hello"),
        ("/hello", "", "/hello?x", "/?x"),
        ("/hello", "", "/%68ello/a", "/a"),
        ("/a/b", "", "/a/b/c", "/c"),
        ("/wört", "", "/w%C3%B6rt/x", "/x"),
        ("/hello", "/root", "/root/hello/x", "/x"),
        ("/", "", "/x?y", "/x?y"),
        ("/hello", "", "*", "/"),
    ],
)
def test_a_url_below_the_route(route: str, script_name: str, raw: str, expected: str) -> None:
    meta = {"RAW_URI": raw, "SCRIPT_NAME": script_name, "PATH_INFO": route, "HTTP_HOST": "h"}
    served = handler(route=route, strip_prefix=True)
    assert head_of(HttpRequest(meta), served)[1].decode() == f"http://h{expected}"


def test_it_is_the_whole_url_by_default() -> None:
    meta = {"RAW_URI": "/hello/x", "HTTP_HOST": "h"}
    assert head_of(HttpRequest(meta), handler(route="/hello"))[1] == b"http://h/hello/x"


def read(headers: str) -> list[list[str]]:
    """Return the headers in lines of *headers*, as pairs."""
    assert headers[0] == headers[-1] == "\n"
    return [list(line.partition(":")[::2]) for line in headers[1:-1].split("\n")]


@pytest.mark.parametrize("streams", [False, True])
@pytest.mark.parametrize(
    ("env", "scheduled"),
    [({}, None), ({"A": 'ü"\\'}, Scheduled("* * * * *", 0)), ({"B": ""}, None)],
)
def test_it_has_all_fields(streams: bool, env: dict[str, str], scheduled: Scheduled | None) -> None:
    meta = {"REQUEST_METHOD": 'P"\\', "RAW_URI": "/\u00fc\n", "HTTP_HOST": "h"}
    meta["HTTP_X_A"] = '\u00ff"\x7f'
    request, served = HttpRequest(meta), handler(env=env)
    request.scheduled = scheduled
    method, url, headers, more, now = head_of(request, served, streams=streams)
    found = {"env": {}} | (json.loads(more) if more else {})
    found |= {"method": method.decode(), "url": url.decode(), "headers": read(headers.decode())}
    assert int(now) > 0
    fields = fields_of(request, served)
    expected = json.loads(json.dumps(fields | ({"stream": True} if streams else {})))
    assert found == expected


def test_the_usual_request_has_nothing_more() -> None:
    assert head_of(HttpRequest({"HTTP_HOST": "h"}), handler())[2:4] == [b"\nhost:h\n", b""]


def test_a_value_with_a_line_feed_makes_the_headers_json() -> None:
    found = head_of(HttpRequest({"HTTP_HOST": "h", "HTTP_X_A": "b\nc:d"}), handler())[2]
    assert json.loads(found) == [["host", "h"], ["x-a", "b\nc:d"]]
