"""Large bodies in little memory: JSON is parsed from the one string that is the body."""

from __future__ import annotations

import json

import pytest

from nexus.guest.json_pieces import pieces_of
from tests.clients import Receiver

from .support import LIMITS, Scripts

COUNT = 440_000
NUMBERS = json.dumps(list(range(1_000_000, 1_000_000 + COUNT))).encode()
"""a quarter of the memory"""
HANDLER = "export default async (request) => new Response((await request.%s).%s)"


def test_json_of_a_quarter_of_the_memory(scripts: Scripts) -> None:
    assert len(NUMBERS) * 4 > 0.9 * LIMITS.memory_bytes
    handler = scripts.handler(HANDLER % ("json()", "length"))
    meta = {"REQUEST_METHOD": "POST", "CONTENT_TYPE": "application/json; charset=utf-8"}
    assert scripts.fetch(handler, NUMBERS, **meta).body == str(COUNT).encode()


def test_a_json_body_can_be_read_in_every_way(scripts: Scripts) -> None:
    meta = {"REQUEST_METHOD": "POST", "CONTENT_TYPE": "application/json"}
    for body in (b'{"a": 1}', '{"a": "é"}'.encode(), b'{"a": "\xff"}'):
        for how, what in (("bytes()", "length"), ("arrayBuffer()", "byteLength")):
            handler = scripts.handler(HANDLER % (how, what))
            assert scripts.fetch(handler, body, **meta).body == str(len(body)).encode()
        source = (
            "export default async (r) => { const other = r.clone(); await r.json();"
            "return new Response(other.body) }"
        )
        assert scripts.fetch(scripts.handler(source), body, **meta).body == body
        used = "export default async (r) => { await r.text(); return new Response(r.bodyUsed) }"
        assert scripts.fetch(scripts.handler(used), body, **meta).body == b"true"


def test_a_body_is_read_once(scripts: Scripts) -> None:
    source = (
        "export default async (r) => { await r.json(); let said;"
        "await r.json().catch((error) => { said = error.message }); return new Response(said) }"
    )
    meta = {"REQUEST_METHOD": "POST", "CONTENT_TYPE": "application/json"}
    assert b"was read already" in scripts.fetch(scripts.handler(source), b"[]", **meta).body


def test_json_that_is_not_ascii(scripts: Scripts) -> None:
    rows = json.dumps(["\u00e9" * 50] * 37_000, ensure_ascii=False).encode()
    assert len(rows) * 4 > 0.9 * LIMITS.memory_bytes
    meta = {"REQUEST_METHOD": "POST", "CONTENT_TYPE": "application/json"}
    handler = scripts.handler(HANDLER % ("json()", "length"))
    assert scripts.fetch(handler, rows, **meta).body == b"37000"
    marked = "\ufeff[1]".encode()
    for how, expected in (("text()", b"[1]"), ("bytes()", marked)):
        handler = scripts.handler(f"export default async (r) => new Response(await r.{how})")
        assert scripts.fetch(handler, marked, **meta).body == expected


def test_a_long_text_is_not_copied_to_its_head(scripts: Scripts) -> None:
    """A third of the memory."""
    size = LIMITS.memory_bytes // 3
    handler = scripts.handler(f'export default () => new Response("x".repeat({size}))')
    response = scripts.fetch(handler)
    assert (response.status, len(response.body)) == (200, size)
    assert dict(response.headers)["content-type"] == "text/plain;charset=UTF-8"
    later = (
        "export default (r, env, context) => { context.waitUntil(Promise.resolve());"
        f'return new Response("x".repeat({1 << 16})) }}'
    )
    receiver = Receiver()
    scripts.receive(scripts.handler(later), receiver)
    assert receiver.response is not None
    assert len(receiver.response.body) == 1 << 16


def test_a_short_text_may_end_like_the_mark_of_a_long_one(scripts: Scripts) -> None:
    handler = scripts.handler('export default () => new Response("a\\r")')
    assert scripts.fetch(handler).body == b"a\r"


def rows(count: int, separator: str = ",", **more: object) -> list[str]:
    made = [json.dumps({"id": number, "name": f"user {number}", **more}) for number in range(count)]
    return [f"{row}{separator}" for row in made[:-1]] + made[-1:]


def test_of_an_array_of_records_no_more_than_pieces_of_the_text_stay(scripts: Scripts) -> None:
    """It takes all of the memory, and more with its text whole."""
    whole = f"[{''.join(rows(75_000, more=None))}]".encode()
    answered = scripts.fetch(scripts.handler(HANDLER % ("json()", "at(-1).id")), whole)
    assert answered.body == b"74999"


def test_json_can_be_sent_back_as_bytes(scripts: Scripts) -> None:
    """A quarter of the memory, to which its bytes come; once in pieces, once whole."""
    handler = scripts.handler("export default async (r) => new Response(r.body)")
    meta = {"REQUEST_METHOD": "POST", "CONTENT_TYPE": "application/json"}
    for body in (f"[{''.join(rows(110_000))}]".encode(), NUMBERS):
        assert len(body) * 4 > 0.9 * LIMITS.memory_bytes
        assert scripts.fetch(handler, body, **meta).body == body


def test_a_long_text_beyond_ascii_is_encoded_whole(scripts: Scripts) -> None:
    """Surrogates are paired across the slices of which it is made, and lone ones replaced."""
    source = (
        "const text = `a${'\\u{1f600}'.repeat(200000)}\\ud800\\u00e9`;"
        "export default () => new Response(new TextEncoder().encode(text))"
    )
    expected = f"a{chr(0x1F600) * 200_000}\ufffd\u00e9".encode()
    assert scripts.fetch(scripts.handler(source)).body == expected


def in_pieces_and_whole(scripts: Scripts, work: str, body: bytes) -> list[bytes]:
    """Return what *work* makes of `json`, a function that parses the body either way."""
    assert len(pieces_of(body)) > 1
    source = f"export default async (r) => {{ const json = %s; {work} }}"
    ways = ("() => r.json()", "async () => JSON.parse(await r.text())")
    return [scripts.fetch(scripts.handler(source % way), body).body for way in ways]


@pytest.mark.parametrize("separator", [",", "\n, "])
def test_a_text_in_pieces_is_what_it_is_whole(scripts: Scripts, separator: str) -> None:
    made = rows(8_000, separator, inner=[{"id": 1}, {"id": 2}], text='}, {"id":' + "x" * 250)
    work = (
        "const all = await json(); return Response.json([all.length, all.at(-1), "
        "all.every((row, number) => row.id === number && row.inner.length === 2)])"
    )
    found, expected = in_pieces_and_whole(scripts, work, f"\n[{''.join(made)}]\n".encode())
    assert found == expected
    assert found.startswith(b'[8000,{"id":7999,')
    assert found.endswith(b",true]")


@pytest.mark.parametrize("number", [20_000, 39_999])
def test_an_error_far_into_a_text_names_its_place(scripts: Scripts, number: int) -> None:
    wrong = rows(40_000, ",\n", more="x" * 20)
    wrong[number] = wrong[number].replace('"name"', "name")
    work = "return json().then(() => new Response(), (e) => new Response(e.message))"
    found, expected = in_pieces_and_whole(scripts, work, f"[{''.join(wrong)}]".encode())
    assert found == expected
    assert f"(line {number + 1} column ".encode() in found
