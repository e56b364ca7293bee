"""Streams in the product, and compression, which the host does."""

from __future__ import annotations

import gzip
import json
import zlib
from typing import Any

import pytest

from nexus.errors import MemoryLimit

from .support import Scripts


def answer(scripts: Scripts, body: str) -> Any:
    """Return what `body` returns, as JSON."""
    source = f"export default async () => Response.json(await (async () => {{ {body} }})());"
    return json.loads(scripts.fetch(scripts.handler(source)).body)


def piped(scripts: Scripts, stream: str, body: bytes) -> bytes:
    """Return the answer of a handler that pipes its request's body through *stream*."""
    source = f"""export default (r) =>
      new Response((r.body ?? new Blob().stream()).pipeThrough(new {stream}));"""
    response = scripts.fetch(scripts.handler(source), body, REQUEST_METHOD="POST")
    return bytes(response.body)


def test_a_body_is_piped_through_a_transform(scripts: Scripts) -> None:
    assert piped(scripts, "TransformStream()", b"x" * 100_000) == b"x" * 100_000
    upper = """TransformStream({ transform: (chunk, controller) =>
      controller.enqueue(chunk.map((byte) => byte - 32)) })"""
    assert piped(scripts, upper, b"shout") == b"SHOUT"


def test_a_pipe_ends_in_a_sink(scripts: Scripts) -> None:
    body = """
    const found = [];
    const sink = new WritableStream({ write: (chunk) => { found.push(chunk); },
      close: () => { found.push("end"); } });
    await ReadableStream.from([1, 2, 3]).pipeTo(sink);
    return found;"""
    assert answer(scripts, body) == [1, 2, 3, "end"]


def test_a_reader_brings_its_own_buffer(scripts: Scripts) -> None:
    body = """
    const reader = new Blob(["abcdefgh"]).stream().getReader({ mode: "byob" });
    const { value } = await reader.read(new Uint8Array(3));
    const rest = await reader.read(new Uint16Array(4), { min: 2 });
    return [String.fromCharCode(...value), rest.value.constructor.name, rest.value.length];"""
    assert answer(scripts, body) == ["abc", "Uint16Array", 2]


def test_text_streams_keep_characters_whole(scripts: Scripts) -> None:
    body = """
    const pieces = [[0xe2], [0x82], [0xac, 0x21]].map((piece) => new Uint8Array(piece));
    const text = await Array.fromAsync(ReadableStream.from(pieces)
      .pipeThrough(new TextDecoderStream()));
    const bytes = await Array.fromAsync(
      ReadableStream.from(["\\ud83d", "\\ude00"]).pipeThrough(new TextEncoderStream()));
    return [text, bytes.map((piece) => [...piece])];"""
    assert answer(scripts, body) == [["€!"], [[0xF0, 0x9F, 0x98, 0x80]]]


DATA = bytes(range(256)) * 4000
CODECS = {
    "gzip": (gzip.compress, gzip.decompress),
    "deflate": (zlib.compress, zlib.decompress),
    "deflate-raw": (
        lambda data: zlib.compress(data)[2:-4],
        lambda data: zlib.decompress(data, wbits=-15),
    ),
}


@pytest.mark.parametrize("name", CODECS)
def test_the_host_compresses(scripts: Scripts, name: str) -> None:
    compress, decompress = CODECS[name]
    assert decompress(piped(scripts, f"CompressionStream({name!r})", DATA)) == DATA
    assert piped(scripts, f"DecompressionStream({name!r})", compress(DATA)) == DATA
    assert decompress(piped(scripts, f"CompressionStream({name!r})", b"")) == b""


REFUSED = {
    "cut": ("gzip.slice(0, -9)", "the compressed data ends too early"),
    "longer": ("[...gzip, 0]", "data after the end"),
    "another": ("gzip.slice(1)", "incorrect header check"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_compressed_data_is_checked(scripts: Scripts, what: str) -> None:
    changed, reason = REFUSED[what]
    body = f"""
    const stream = new Blob(["hello hello hello"]).stream();
    const whole = await new Response(stream.pipeThrough(new CompressionStream("gzip"))).bytes();
    const gzip = [...whole];
    const given = ReadableStream.from([new Uint8Array({changed})]);
    return new Response(given.pipeThrough(new DecompressionStream("gzip"))).text()
      .catch((error) => `${{error}}`);"""
    found = answer(scripts, body)
    assert found.startswith("TypeError: Cannot")
    assert reason in found


def test_an_unknown_format_is_named(scripts: Scripts) -> None:
    body = 'try { new CompressionStream("br"); } catch (error) { return `${error}`; }'
    wanted = 'TypeError: CompressionStream knows deflate, deflate-raw, gzip, not "br"'
    assert answer(scripts, body) == wanted


def test_a_bomb_ends_at_the_memory_limit(scripts: Scripts) -> None:
    bomb = gzip.compress(bytes(64 << 20))
    with pytest.raises(MemoryLimit):
        piped(scripts, 'DecompressionStream("gzip")', bomb)


def test_a_request_has_a_bounded_number_of_compressed_streams(scripts: Scripts) -> None:
    body = """
    for (let count = 0; count < 100; count++) {
      const stream = new Blob(["x"]).stream().pipeThrough(new CompressionStream("gzip"));
      const error = await new Response(stream).bytes().then(() => undefined, (error) => error);
      if (error) return [count, error.message];
    }"""
    count, message = answer(scripts, body)
    assert count == 64
    assert "64 compressed streams" in message
