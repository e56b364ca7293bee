"""Heads of requests and answers, which take a shorter form than JSON between host and guest."""

from __future__ import annotations

import json

import pytest

from nexus.errors import InvalidResponse
from nexus.guest.json_response import response_of
from nexus.guest.python.answers import flat
from nexus.model import Handler, Limits

from .support import Pythons

APP = r"""
import json

def app(environ, start_response):
    given = json.loads(environ["wsgi.input"].read())
    start_response(given["status"], [tuple(pair) for pair in given["headers"]])
    return [environ.get("HTTP_X_NOTE", "").encode("latin-1")]
"""
FETCH = r"""
import json
from nexus import Response

def fetch(request):
    if request.body:
        return Response(b"", *json.loads(request.body))
    return [list(pair) for pair in request.headers.items()]
"""
INVALID = [
    ("a\nb: c", "must not have"),
    ("a\0b\0c", "must not have"),
    ("\u20ac", "must not have"),
    ("\ud800", "must not have"),
    (5, "not a header"),
    (None, "not a header"),
]


@pytest.fixture(scope="module")
def app(python: Pythons) -> Handler:
    return python.handler(APP)


@pytest.fixture(scope="module")
def fetch(python: Pythons) -> Handler:
    return python.handler(FETCH)


def body(status: object, *headers: object) -> bytes:
    return json.dumps({"status": status, "headers": headers}).encode()


def test_an_answer_keeps_its_status_and_headers(python: Pythons, app: Handler) -> None:
    sent = body("418 I'm a \xe9pot", ["X-A", "\xe9, x"], ["set-cookie", "a=1"], ["set-cookie", ""])
    answer = python.fetch(app, sent, HTTP_X_NOTE="caf\xe9")
    assert (answer.status, answer.reason) == (418, "I'm a \xe9pot")
    assert answer.headers == [("X-A", "\xe9, x"), ("set-cookie", "a=1"), ("set-cookie", "")]
    assert answer.body == b"caf\xe9"
    assert python.fetch(app, body("204")).headers == []


@pytest.mark.parametrize(("value", "problem"), INVALID)
def test_invalid_headers_are_refused(
    python: Pythons, app: Handler, value: object, problem: str
) -> None:
    with pytest.raises(InvalidResponse, match=problem):
        python.fetch(app, body("200 OK", ["x-a", value]))


@pytest.mark.parametrize("status", ["200 a\nb", "200 a\0x\0y", "99 a", "1000 a"])
def test_invalid_statuses_are_refused(python: Pythons, app: Handler, status: str) -> None:
    with pytest.raises(InvalidResponse, match=r"status|reason"):
        python.fetch(app, body(status))


def test_a_fetch_handler_sees_and_sends_headers(python: Pythons, fetch: Handler) -> None:
    seen = json.loads(python.fetch(fetch, HTTP_X_A="1", HTTP_X_B="caf\xe9").body)
    assert ["x-a", "1"] in seen
    assert ["x-b", "caf\xe9"] in seen
    sent = json.dumps([201, [["x-a", "b"], ["x-a", "c"]]]).encode()
    answer = python.fetch(fetch, sent)
    assert answer.status == 201
    assert [pair for pair in answer.headers if pair[0] == "x-a"] == [("x-a", "b"), ("x-a", "c")]
    assert json.loads(python.fetch(fetch, REQUEST_METHOD="GET", HTTP_HOST="").body) is not None


def test_pairs_with_a_nul_are_left_out() -> None:
    assert flat([("a", "1"), ("b", "")]) == "a\0001\0b\0"
    assert flat([("a", "1\0c"), ("b", "2")]) == "b\0002"
    assert flat([]) == ""


@pytest.mark.parametrize("answer", [b"200\0OK\0a", b"200", b"200\0", b"2000\0OK", b"999\0OK"])
def test_the_short_form_is_read_as_untrusted_input(answer: bytes) -> None:
    if answer == b"200\0":
        assert response_of(answer, b"", Limits()).headers == []
    else:
        with pytest.raises(InvalidResponse):
            response_of(answer, b"", Limits())
