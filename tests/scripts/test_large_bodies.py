"""Large bodies in little memory: JSON is parsed from the one string that is the body."""

from __future__ import annotations

import json

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
