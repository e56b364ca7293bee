"""Reading a request body: capped, and not slower than it may be."""

from __future__ import annotations

import time
from typing import Any

from nexus.errors import DeadlineExceeded, InvalidArgument, PayloadTooLarge

_CHUNK_BYTES = 65536


def read_body(environ: dict[str, Any], limit_bytes: int, deadline: float) -> bytes:
    """The whole body, read on the client's time, before an instance is taken.

    Raises: PayloadTooLarge, DeadlineExceeded (*deadline*: monotonic seconds), InvalidArgument for
        a length that is no number, for other codings than `chunked`, and for a body that ends early
        or cannot be read.
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
    body = _read(environ, length, limit_bytes, deadline)
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


def _read(environ: dict[str, Any], length: int | None, limit_bytes: int, deadline: float) -> bytes:
    source, socket = environ["wsgi.input"], environ.get("gunicorn.socket")
    chunks, left = [], limit_bytes + 1 if length is None else length
    try:
        while left > 0:
            if socket is not None:
                socket.settimeout(max(deadline - time.monotonic(), 0.001))
            chunk = _next(source, min(left, _CHUNK_BYTES))
            if not chunk:
                break
            chunks.append(chunk)
            left -= len(chunk)
            if time.monotonic() > deadline:
                raise TimeoutError
    except TimeoutError as error:
        raise DeadlineExceeded("the request body did not arrive within the deadline") from error
    finally:
        if socket is not None:
            socket.settimeout(None)
    if length is None and left <= 0:
        raise PayloadTooLarge(limit_bytes)
    return b"".join(chunks)
