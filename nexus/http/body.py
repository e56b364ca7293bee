"""Reads request bodies, up to a size and a time limit; checks those that views read themselves."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from typing import Any

from nexus.errors import (
    DeadlineExceeded,
    InvalidArgument,
    NexusError,
    PayloadTooLarge,
    RequestTimeout,
)

_CHUNK_BYTES = 65536


def read_body(
    environ: dict[str, Any], limit_bytes: int, timeout_s: float, deadline: float = math.inf
) -> bytes:
    """Read the whole body before an instance is acquired, so that no instance waits for a client.

    Raises: PayloadTooLarge; RequestTimeout after *timeout_s*; DeadlineExceeded at *deadline*
        (monotonic seconds); InvalidArgument if the length is not a number, if the coding is not
        `chunked`, or if the body ends early or cannot be read.
    """
    declared = environ.get("CONTENT_LENGTH")
    coding = environ.get("HTTP_TRANSFER_ENCODING")
    if not declared and coding is None:
        return b""
    # Servers decode only `chunked`, and a guest could not tell that the body is still encoded (by
    # gzip, say).
    if coding is not None and coding.strip(" \t").lower() != "chunked":
        raise InvalidArgument(f"Transfer-Encoding is {coding[:40]!r}; allowed: chunked")
    length = content_length(declared) if declared else None
    if length == 0:
        return b""
    if length is not None and length > limit_bytes:
        raise PayloadTooLarge(limit_bytes)
    try:
        body = _read(environ, length, limit_bytes, min(deadline, time.monotonic() + timeout_s))
    except TimeoutError as error:
        # The server's own limit may be shorter: then the client was too slow for that.
        if time.monotonic() < deadline:
            raise RequestTimeout("body") from error
        raise DeadlineExceeded("the request body did not arrive within the deadline") from error
    if length is None and len(body) > limit_bytes:
        raise PayloadTooLarge(limit_bytes)
    if length is not None and len(body) < length:
        raise _ended_early(len(body), length)
    return body


def check_input(environ: dict[str, Any]) -> None:
    """Replace the request's input, if it has a body, by a `CheckedInput`."""
    declared = environ.get("CONTENT_LENGTH") or ""
    if declared or "HTTP_TRANSFER_ENCODING" in environ:
        length = int(declared) if declared.isascii() and declared.isdigit() else None
        environ["wsgi.input"] = CheckedInput(environ["wsgi.input"], length)


class CheckedInput:
    """A `wsgi.input` for code that reads the body itself, such as Flask views.

    Its methods raise RequestTimeout if the client is too slow, and InvalidArgument if the body
    ends early or cannot be read. Servers raise errors of many kinds, or just return less.
    """

    def __init__(self, source: Any, length: int | None) -> None:
        """*length*: how many bytes the client announced; None: it did not say."""
        self._source, self._length, self._read = source, length, 0

    def read(self, size: int | None = -1) -> bytes:
        everything = size is None or size < 0
        arguments = () if everything else (size,)
        data = self._call(self._source.read, *arguments)
        self._count(data, ended=everything or (not data and size != 0))
        return data

    def readline(self, size: int | None = -1) -> bytes:
        arguments = () if size is None or size < 0 else (size,)
        line = self._call(self._source.readline, *arguments)
        self._count(line, ended=not line and size != 0)
        return line

    def readlines(self, hint: int = -1) -> list[bytes]:
        lines: list[bytes] = []
        read = 0
        for line in self:
            lines.append(line)
            read += len(line)
            if 0 < hint < read:
                break
        return lines

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.readline, b"")

    def _call(self, read: Callable[..., bytes], *arguments: int | None) -> bytes:
        try:
            return read(*arguments)
        except TimeoutError as error:
            raise RequestTimeout("body") from error
        except Exception as error:
            raise _unreadable() from error

    def _count(self, data: bytes, *, ended: bool) -> None:
        self._read += len(data)
        if ended and self._length is not None and self._read < self._length:
            raise _ended_early(self._read, self._length)


def _ended_early(size: int, length: int) -> InvalidArgument:
    return InvalidArgument(f"the body ended after {size} of {length} bytes")


def _unreadable() -> InvalidArgument:
    return InvalidArgument(
        "the body cannot be read: its chunks are malformed, or the connection was reset"
    )


def content_length(declared: str) -> int:
    """Return the value of a Content-Length. Raises: InvalidArgument."""
    # int() alone also accepts "+1", "1_000" and digits of other scripts.
    if not (declared.isascii() and declared.isdigit() and len(declared) <= 19):
        raise InvalidArgument(f"Content-Length is {declared[:40]!r}; it takes a number of bytes")
    return int(declared)


def _next(source: Any, size: int) -> bytes:
    try:
        chunk: bytes = source.read(size)
    except (TimeoutError, NexusError):
        raise
    except Exception as error:  # each server raises its own for wrong chunks and for a reset
        raise _unreadable() from error
    return chunk


def _read(environ: dict[str, Any], length: int | None, limit_bytes: int, until: float) -> bytes:
    """Read *length* bytes; if that is None, up to *limit_bytes* + 1.

    The time is checked after each read, too: a server's socket may restart its own limit with each
    byte that arrives. Raises: TimeoutError at *until* (monotonic seconds).
    """
    source, socket = environ["wsgi.input"], environ.get("gunicorn.socket")
    chunks, left = [], limit_bytes + 1 if length is None else length
    try:
        while left > 0:
            if socket is not None:
                socket.settimeout(max(until - time.monotonic(), 0.001))
            chunk = _next(source, min(left, _CHUNK_BYTES))
            if not chunk:
                break
            chunks.append(chunk)
            left -= len(chunk)
            if time.monotonic() > until:
                raise TimeoutError
    finally:
        if socket is not None:
            socket.settimeout(None)
    return b"".join(chunks)
