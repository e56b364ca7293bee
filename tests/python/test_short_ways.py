"""The short ways that requests take give what the standard library gives."""

from __future__ import annotations

import json

import pytest

from .support import Pythons

SOURCE = r"""
import json
from urllib.parse import parse_qsl, urlsplit
import nexus
from nexus import Request, Response

URLS = ["http://h", "http://h/", "https://h:1/a/b?c=d&e", "http://h?x=/a", "http://h/a#f?g",
        "/p?q=1", "http://h/a?b=/c?d", "http://h/%C3%A9?n=%41+b&n=2&&=&x=a=b", "file:///a?b"]
BODIES = [b'{"a": [1, 2.5, null]}', b' [1] ', b'"\u00e9"', '"\u00e9"'.encode(), b"1", b"NaN",
          '{"a": 1}'.encode("utf-16"), '[1]'.encode("utf-8-sig"), "[1]".encode("utf-32-le"),
          b"", b"[1] x", b"[1", b"{", b'{"a"', b'"\xff"', b"[" * 200]
ROUND = []
ROUND.append(ROUND)
VALUES = [{"a": (1, None, True, 2.5)}, "x", 1.5, float("nan"), {1: 2}, [object()], ROUND, "\ud800",
          {object(): 1}, [[]]]

def outcome(call, *arguments):
    try:
        return repr(call(*arguments))
    except Exception as error:
        return f"{type(error).__name__}: {error}"

def fetch(request):
    pairs = []
    for url in URLS:
        made, parts = Request("GET", url), urlsplit(url)
        expected = dict(parse_qsl(parts.query, keep_blank_values=True))
        pairs.append((repr((parts.path, expected)), repr((made.path, made.query))))
    for body in BODIES:
        made = Request("POST", "http://h/", body=body)
        pairs.append((outcome(json.loads, body), outcome(made.json)))
    for value in VALUES * 2:
        pairs.append((outcome(lambda: json.dumps(value).encode()),
                      outcome(lambda: Response.json(value).body)))
    return pairs
"""


def test_they_give_the_same(python: Pythons) -> None:
    pairs = json.loads(python.fetch(python.handler(SOURCE)).body)
    assert len(pairs) == 45
    for expected, found in pairs:
        assert found.split(" at 0x")[0] == expected.split(" at 0x")[0]


@pytest.mark.parametrize("size", [0, 65_535, 65_536, 131_072, 200_000])
def test_bodies_arrive_whole(python: Pythons, size: int) -> None:
    handler = python.handler("def fetch(request): return str(len(request.body))")
    head = {"REQUEST_METHOD": "POST", "HTTP_X_PAD": "x" * 100}
    assert python.fetch(handler, b"x" * size, **head).body == b"%d" % size
