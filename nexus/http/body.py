"""Reading a request body: capped, and not slower than it may be."""

from __future__ import annotations

import math
import time
from typing import Any

from nexus.errors import DeadlineExceeded, InvalidArgument, PayloadTooLarge, RequestTimeout

_CHUNK_BYTES = 65536


def read_body(
    environ: dict[str, Any], limit_bytes: int, timeout_s: float, deadline: float = math.inf
) -> bytes:
    """Read the whole body, on the client's time, before an instance is taken.

    Raises: PayloadTooLarge; RequestTimeout after *timeout_s*; DeadlineExceeded at *deadline*
        (monotonic seconds); InvalidArgument for a length that is not a number, for other codings
        than `chunked`, and for a body that ends early or cannot be read.
    """
    declared = environ.get("CONTENT_LENGTH")
    coding = environ.get("HTTP_TRANSFER_ENCODING")
    if not declared and coding is None:
        return b""
    # Servers undo `chunked` alone, and no guest is told of what is left: gzip, say.
    if coding is not None and coding.strip(" \t").lower() != "chunked":
        raise InvalidArgument(f"Transfer-Encoding is {coding[:40]!r}; allowed: chunked")
    length = _length(declared) if declared else None
    if length == 0:
        return b""
    if length is not None and length > limit_bytes:
        raise PayloadTooLarge(limit_bytes)
    try:
        body = _read(environ, length, limit_bytes, min(deadline, time.monotonic() + timeout_s))
    except TimeoutError as error:
        # The server may know less patience: then the client was too slow, whatever the deadline.
        if time.monotonic() < deadline:
            raise RequestTimeout("body") from error
        raise DeadlineExceeded("the request body did not arrive within the deadline") from error
    if length is None and len(body) > limit_bytes:
        raise PayloadTooLarge(limit_bytes)
    if length is not None and len(body) < length:
        raise InvalidArgument(f"the body ended after {len(body)} of {length} bytes")
    return body


def _length(declared: str) -> int:
    # Not by int() alone: that takes "+1", "1_000" and digits of other scripts.
    if not (declared.isascii() and declared.isdigit() and len(declared) <= 19):
        raise InvalidArgument(f"Content-Length is {declared[:40]!r}; it takes a number of bytes")
    return int(declared)


def _next(source: Any, size: int) -> bytes:
    try:
        chunk: bytes = source.read(size)
    except TimeoutError:
        raise
    except Exception as error:  # each server has its own for wrong chunks and for a reset
        raise InvalidArgument(
            "the body cannot be read: its chunks are malformed, or the connection was reset"
        ) from error
    return chunk


def _read(environ: dict[str, Any], length: int | None, limit_bytes: int, until: float) -> bytes:
    """Read *length* bytes, or up to one more than *limit_bytes*. Raises: TimeoutError *until* then.

    Each read is limited, and looked after: a server's socket may count its limit anew with each
    byte that comes.
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
