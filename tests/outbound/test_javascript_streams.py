"""Long bodies in JavaScript: `response.body`, its readers, and what else reads a body."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from threading import Event
from typing import Any

import pytest

from tests.scripts.support import Scripts

from .servers import Seen, Server, answer, in_chunks

Serve = Callable[..., Server]
LONG = bytes(range(256)) * 1000


def found(scripts: Scripts, body: str, base: str, **fields: Any) -> Any:
    """The JSON that a handler with this *body* answers with."""
    source = f'const base = "{base}"; export default async (request) => {{ {body} }}'
    handler = scripts.handler(source, http=(base,), **fields)
    return json.loads(scripts.fetch(handler).body)


class Steps:
    """A server that sends one chunk, and the others once the guest has asked for `/next`."""

    def __init__(self, serve: Serve, *chunks: bytes) -> None:
        self._chunks, self._next = chunks, Event()
        self.left = Event()
        """set once the client of the chunks has left"""
        self.server = serve(answers=self._answer)

    def _answer(self, seen: Seen) -> bytes:
        if seen.path == "/next":
            self._next.set()
            return answer(b"")
        seen.send(in_chunks(self._chunks[0]))
        if not self._chunks[1:]:
            if seen.wait_for_close(9):
                self.left.set()
            return b""
        assert self._next.wait(9)
        return in_chunks(*self._chunks[1:], head=False)


def test_a_part_is_read_before_the_next_is_sent(scripts: Scripts, serve: Serve) -> None:
    steps = Steps(serve, b"one", b"two", b"")
    body = """
      const response = await fetch(base);
      const parts = [response.bodyUsed];
      const decoder = new TextDecoder();
      for await (const part of response.body) {
        parts.push(decoder.decode(part));
        if (parts.length === 2) await fetch(`${base}/next`);
      }
      return Response.json([...parts, response.bodyUsed]);
    """
    assert found(scripts, body, steps.server.url) == [False, "one", "two", True]


def test_everything_reads_a_long_body(scripts: Scripts, serve: Serve) -> None:
    text = json.dumps(["é" * 100_000], ensure_ascii=False).encode()
    contents = {"/bytes": LONG, "/text": text, "/empty": b""}
    server = serve(answers=lambda seen: in_chunks(*filter(None, [contents[seen.path]]), b""))
    body = """
      const get = (path) => fetch(base + path);
      const response = await get("/bytes");
      const copy = response.clone();
      const reader = (await get("/bytes")).body.getReader({ mode: "byob" });
      const first = await reader.read(new Uint8Array(10), { min: 10 });
      await reader.cancel();
      let again;
      try { await response.text(); await response.text(); } catch (error) { again = error.name; }
      return Response.json([
        (await (await get("/bytes")).arrayBuffer()).byteLength,
        (await copy.bytes()).reduce((sum, one) => sum + one, 0),
        (await (await get("/text")).json())[0].length,
        (await (await get("/text")).text()).length,
        (await (await get("/empty")).text()).length,
        [...first.value],
        again,
      ]);
    """
    wanted = [len(LONG), sum(LONG), 100_000, 100_004, 0, list(range(10)), "TypeError"]
    limits = replace(scripts.limits, timeout_s=60.0)  # 0.5 s of CPU: 5 s on a busy machine
    assert found(scripts, body, server.url, limits=limits) == wanted


def test_a_text_that_is_read_as_bytes(scripts: Scripts, serve: Serve) -> None:
    """Short bodies that look like text come as text."""
    content = "\ufeffé\0ü".encode()
    server = serve(answers=lambda seen: answer(content, Content_Type="application/json"))
    body = """
      const one = await (await fetch(base)).bytes();
      return Response.json([[...one], await (await fetch(base)).text()]);
    """
    assert found(scripts, body, server.url) == [list(content), "é\0ü"]


def test_several_bodies_are_read_at_once(scripts: Scripts, serve: Serve) -> None:
    steps = Steps(serve, b"one", b"two", b"")
    other = b"other" * 100_000
    server = serve(answers=lambda seen: answer(other))
    body = f"""
      const read = async (url, then) => {{
        const text = await (await fetch(url)).text();
        await then();
        return text.length;
      }};
      const lengths = [read(base, () => 0), read("{server.url}", () => fetch(`${{base}}/next`))];
      return Response.json(await Promise.all(lengths));
    """
    source = f'const base = "{steps.server.url}"; export default async (request) => {{ {body} }}'
    handler = scripts.handler(source, http=(steps.server.url, server.url))
    assert json.loads(scripts.fetch(handler).body) == [6, len(other)]


def test_a_cancelled_body_leaves_its_server(scripts: Scripts, serve: Serve) -> None:
    steps = Steps(serve, b"one")
    body = """
      const reader = (await fetch(base)).body.getReader();
      const { value } = await reader.read();
      await reader.cancel();
      return Response.json([value.length, (await reader.read()).done]);
    """
    assert found(scripts, body, steps.server.url) == [3, True]
    assert steps.left.wait(9)


@pytest.mark.parametrize(
    "read",
    [
        "await response.text();",
        "const reader = response.body.getReader(); for (;;) await reader.read();",
    ],
)
def test_an_abort_ends_a_body(read: str, scripts: Scripts, serve: Serve) -> None:
    steps = Steps(serve, b"one")
    body = f"""
      const controller = new AbortController();
      const response = await fetch(base, {{ signal: controller.signal }});
      setTimeout(() => controller.abort(new RangeError("enough")), 20);
      try {{ {read} }} catch (error) {{ return Response.json(error.message); }}
    """
    assert found(scripts, body, steps.server.url) == "enough"
    assert steps.left.wait(9)


def test_a_body_that_breaks_off(scripts: Scripts, serve: Serve) -> None:
    def answers(seen: Seen) -> bytes:
        seen.send(in_chunks(b"one"))
        return b""

    server = serve(answers=answers)
    body = """
      try { await (await fetch(base)).text(); }
      catch (error) { return Response.json(error.message); }
    """
    reason = "the connection broke, or the answer is not HTTP"
    assert found(scripts, body, server.url) == f"fetch failed: {server.url}: {reason}"


def test_a_long_answer_can_be_passed_on(scripts: Scripts, serve: Serve) -> None:
    server = serve(answers=lambda seen: answer(LONG))
    source = f'export default () => fetch("{server.url}")'
    assert scripts.fetch(scripts.handler(source, http=(server.url,))).body == LONG
