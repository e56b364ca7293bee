"""Compresses and decompresses for CompressionStream and DecompressionStream, with zlib.

A message is {op, stream, sizes} and bytes. `compress` and `decompress` open a stream of the format
in `stream` and answer its number; `write` and `end` continue the stream of that number; `more` asks
for what an answer had no room for. The status is 0, 1 if there is more, or 2 with a reason.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any, Final

from nexus.guest.host.framed import Framed, split_message
from nexus.guest.host.services import Services

_WINDOWS: Final = {"deflate": 15, "deflate-raw": -15, "gzip": 31}
_KEPT: Final = "compression"
_DONE, _MORE, _FAILED = 0, 1, 2

MAX_STREAMS: Final = 64
"""streams of one execution, each of up to 300 KiB of the host's memory; the next one fails"""
MAX_ANSWER_BYTES: Final = 1 << 20
"""The rest of an answer waits for `more`: a guest with little input must pay for much output."""


class CompressionService(Framed):
    """Answers each message that the guest writes to it."""

    def __init__(self, services: Callable[[], Services]) -> None:
        """Keep the streams in *services*, which follow an execution that is suspended."""
        super().__init__()
        self._services = services

    def write(self, content: memoryview) -> None:
        fields, pieces = split_message(content)
        try:
            more, found = self._call(fields, b"".join(pieces))
            self.reply(_MORE if more else _DONE, found)
        except (zlib.error, ValueError, LookupError, TypeError) as error:
            self.reply(_FAILED, str(error).encode("utf-8", "replace"))

    def _call(self, fields: dict[str, Any], content: bytes) -> tuple[bool, bytes]:
        streams: list[_Compressor | _Decompressor] = self._services().kept.setdefault(_KEPT, [])
        op = fields["op"]
        if op in ("compress", "decompress"):
            if len(streams) >= MAX_STREAMS:
                raise ValueError(f"a request may have {MAX_STREAMS} compressed streams, not more")
            window = _WINDOWS[fields["stream"]]
            streams.append(_Compressor(window) if op == "compress" else _Decompressor(window))
            return False, b"%d" % (len(streams) - 1)
        stream = streams[int(fields["stream"])]
        return stream.add(content, ends=op == "end")


class _Compressor:
    def __init__(self, window: int) -> None:
        self._zlib = zlib.compressobj(wbits=window)

    def add(self, content: bytes, *, ends: bool) -> tuple[bool, bytes]:
        """Return what comes out; compressed output is never much longer than its input."""
        return False, self._zlib.compress(content) + (self._zlib.flush() if ends else b"")


class _Decompressor:
    def __init__(self, window: int) -> None:
        self._zlib = zlib.decompressobj(window)

    def add(self, content: bytes, *, ends: bool) -> tuple[bool, bytes]:
        """Return whether there is more, and what comes out. Raises: ValueError, zlib.error."""
        found = self._zlib
        if found.eof and content:
            raise ValueError("there is data after the end of the compressed data")
        output = found.decompress(found.unconsumed_tail + content, MAX_ANSWER_BYTES)
        if found.unused_data:
            raise ValueError("there is data after the end of the compressed data")
        more = not found.eof and len(output) == MAX_ANSWER_BYTES
        if ends and not found.eof and not more:
            raise ValueError("the compressed data ends too early")
        return more, output
