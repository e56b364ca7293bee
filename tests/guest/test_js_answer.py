"""The host reads a JavaScript handler's answer."""

from __future__ import annotations

from dataclasses import replace

import pytest

from nexus.errors import InvalidResponse
from nexus.guest.js.answer import response_of, stream_head_of
from nexus.guest.preview1.descriptors import CappedOutput
from nexus.model import HttpResponse, Limits

from .support import LocalRun

LIMITS = Limits(max_header_bytes=200)


def response(answer: str | bytes, body: bytes = b"", *, to_head: bool = False) -> HttpResponse:
    run = LocalRun(limits=LIMITS)
    output = CappedOutput(run, 1000)
    output.add(body)
    content = answer.encode("utf-8", "surrogatepass") if isinstance(answer, str) else answer
    return response_of(content, output, run, to_head=to_head)


def test_head_and_text() -> None:
    found = response("201 Made it\ncontent-type:text/plain\nx-a: b:c \nx-a:\n\n\nbody\n\n")
    headers = [("content-type", "text/plain"), ("x-a", "b:c"), ("x-a", "")]
    assert found == HttpResponse(201, headers, b"\nbody\n\n", "Made it")


@pytest.mark.parametrize("mark", ["", "+", "++"])
def test_a_body_that_was_written(mark: str) -> None:
    assert response(f"{mark}200 \n\n", b"\0\xff") == HttpResponse(200, [], b"\0\xff", "")


def test_what_utf_8_does_not_have_is_replaced() -> None:
    found = response("200 \n\ne\xe9\ud7ff\ud800!\udfff\ue000\U0001f600")
    assert found.body.decode() == "e\xe9\ud7ff\ufffd!\ufffd\ue000\U0001f600"


def test_to_head_it_has_a_length_alone() -> None:
    found = response("200 \n\nbody", to_head=True)
    assert (found.body, found.length) == (b"", 4)


def test_the_head_of_a_stream() -> None:
    head = b"++200 \ncontent-length:9\nx-a:b\n\n"
    assert stream_head_of(head, LocalRun(limits=LIMITS)) == HttpResponse(200, [("x-a", "b")], b"")
    with pytest.raises(InvalidResponse, match="has no body to stream"):
        stream_head_of(b"++204 \n\n", LocalRun(limits=LIMITS))


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ("", "begins with .*; needed is a Response"),
        ("null", "begins with .*null.*; needed is a Response"),
        ("20 \n\n", "needed is a Response"),
        ("\u0662\u0660\u0660 \n\n", "needed is a Response"),
        ("2000\n\n", "needed is a Response"),
        ("999 \n\n", "the status is 999"),
        ("200 a\x01b\n\n", "the reason phrase"),
        ("200 \u0100\n\n", "the reason phrase"),
        ("200 \nno colon\n\n", "the header name 'no colon'"),
        ("200 \n:x\n\n", "the header name ''"),
        ("200 \nx-a:b\rc\n\n", "the value of header x-a"),
        ("200 \nx-a:\u0100\n\n", "the value of header x-a"),
        ("200 \nlocation:a\nlocation:b\n\n", "more than one location"),
        ("200 \ncontent-length:3\n\nbody", "Content-Length is '3'"),
        ("200 \n" + "x-a:b\n" * 101, "longer than 200 bytes"),
    ],
)
def test_what_is_no_response(answer: str, message: str) -> None:
    with pytest.raises(InvalidResponse, match=message):
        response(answer)


def test_too_many_headers() -> None:
    run = LocalRun(limits=replace(LIMITS, max_header_bytes=10_000))
    with pytest.raises(InvalidResponse, match="more than 100 headers"):
        response_of(b"200 \n" + b"a:b\n" * 101 + b"\n", CappedOutput(run, 0), run, to_head=False)
