"""CGI/1.1 responses (RFC 3875 section 6), read as untrusted input."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from nexus.errors import InvalidResponse
from nexus.guest.excerpt import excerpt
from nexus.guest.headers import (
    MAX_HEADERS,
    NAME,
    VALUE,
    WITHOUT_BODY,
    ResponseHead,
    is_dropped,
)
from nexus.model import HttpResponse, Limits

_END_OF_HEADERS: Final = re.compile(rb"\n\r?\n")
# No part can match what the next one matches, so this takes linear time on any input.
_HEADER: Final = re.compile(f"({NAME.pattern}):({VALUE.pattern})")
_STATUS: Final = re.compile(r"([2-5][0-9][0-9])(?: (.*))?")
_DIGITS: Final = re.compile(r"[0-9]{1,19}")
_CGI_FIELDS: Final = ("content-type", "location", "status")
_CACHED_BYTES: Final = 1024
_NEEDED = "a CGI response starts with header lines, then a blank line"


def parse_response(
    stdout: bytes | bytearray, limits: Limits, *, to_head: bool = False
) -> HttpResponse:
    """Read a guest's whole output as a document or redirect response.

    *to_head*: the request's method was HEAD, so Content-Length describes a body that is not sent,
    and a body in *stdout* is dropped. A local redirect (`Location: /path`) goes to the client like
    any other, as in WAGI.

    Raises: InvalidResponse, naming the text found and the form needed.
    """
    end, body_start = _find_blank_line(stdout, limits.max_header_bytes)
    block = bytes(stdout[:end])
    head = _read_cached(block) if end <= _CACHED_BYTES else _read(block)
    if to_head or head.status in WITHOUT_BODY:
        return head.without_body(len(stdout) - body_start, is_head=to_head)
    body = bytes(memoryview(stdout)[body_start:])
    if head.length is not None:
        _check_length(head.length, len(body))
    if len(body) > limits.max_response_bytes:
        raise InvalidResponse(f"the body is longer than {limits.max_response_bytes} bytes")
    return HttpResponse(head.status, list(head.headers), body, head.reason)


def parse_stream_head(stdout: bytes | bytearray, limits: Limits) -> tuple[HttpResponse | None, int]:
    """Read the head of a response whose body is streamed; return it, and where the body begins.

    The head is None while its blank line has not come, and if the status allows no body. Its
    Content-Length is left out: the body is as long as what the guest will write.

    Raises: InvalidResponse.
    """
    found = _END_OF_HEADERS.search(stdout, 0, limits.max_header_bytes)
    if found is None and len(stdout) <= limits.max_header_bytes:
        return None, 0
    end, body_start = _find_blank_line(stdout, limits.max_header_bytes)
    head = _read(bytes(stdout[:end]))
    if head.status in WITHOUT_BODY:
        return None, 0
    return HttpResponse(head.status, list(head.headers), b"", head.reason), body_start


def _find_blank_line(stdout: bytes | bytearray, max_header_bytes: int) -> tuple[int, int]:
    if stdout[:1] == b"\n" or stdout[:2] == b"\r\n":
        raise InvalidResponse(f"the guest's output starts with a blank line; {_NEEDED}")
    found = _END_OF_HEADERS.search(stdout, 0, max_header_bytes)
    if found is not None:
        return found.start(), found.end()
    if not stdout:
        raise InvalidResponse(f"the guest wrote nothing to stdout; {_NEEDED}")
    if len(stdout) > max_header_bytes:
        raise InvalidResponse(
            f"no blank line in the first {max_header_bytes} bytes of the guest's output, which "
            f"begins with {excerpt(stdout)}; {_NEEDED}"
        )
    raise InvalidResponse(
        f"no blank line in the guest's output, which begins with {excerpt(stdout)}; {_NEEDED}"
    )


def _read(block: bytes) -> ResponseHead:
    headers, fields = _parse_lines(block.decode("latin-1").split("\n"))
    status, reason = _status(fields)
    return ResponseHead(status, reason, tuple(headers), fields.get("content-length"))


# Handlers write the same few heads over and over; reading one anew takes 2 to 4 µs more. The keys
# take up to 256 KiB.
_read_cached = lru_cache(maxsize=256)(_read)


def _parse_lines(lines: list[str]) -> tuple[list[tuple[str, str]], dict[str, str]]:
    """Return the headers to send, and by lower-case name the values of those allowed only once."""
    if len(lines) > MAX_HEADERS:
        raise InvalidResponse(f"the response has more than {MAX_HEADERS} header lines")
    headers: list[tuple[str, str]] = []
    fields: dict[str, str] = {}
    for line in lines:
        matched = _HEADER.fullmatch(line[:-1] if line.endswith("\r") else line)
        if matched is None:
            raise InvalidResponse(_wrong_line(line))
        name, value = matched.groups()
        value = value.strip(" \t")
        key = name.lower()
        if not value or is_dropped(key):
            continue  # an empty field equals a missing one (RFC 3875 section 6.3)
        if key in _CGI_FIELDS or key == "content-length":
            if key in fields:
                raise InvalidResponse(f"the response has more than one {name} header")
            fields[key] = value
            if key in ("status", "content-length"):
                continue
        headers.append((name, value))
    return headers, fields


def _status(fields: dict[str, str]) -> tuple[int, str]:
    line = fields.get("status")
    if line is None:
        if "location" in fields:
            return 302, ""
        if "content-type" in fields:
            return 200, ""
        raise InvalidResponse(
            "the response has none of the headers Content-Type, Location and Status; "
            "at least one of them is needed"
        )
    matched = _STATUS.fullmatch(line)
    if matched is None:
        raise InvalidResponse(
            f"the Status header is {excerpt(line.encode('latin-1'))}; needed is a number from 200 "
            "to 599, optionally a space and a reason"
        )
    return int(matched[1]), (matched[2] or "").strip(" \t")


def _check_length(length: str, body_bytes: int) -> None:
    if _DIGITS.fullmatch(length) is None or int(length) != body_bytes:
        raise InvalidResponse(
            f"Content-Length is {excerpt(length.encode('latin-1'))}, but the guest wrote "
            f"{body_bytes} bytes after the blank line; the header can be left out"
        )


def _wrong_line(line: str) -> str:
    shown = excerpt(line.encode("latin-1"))
    if line[:1] in (" ", "\t"):
        return f"the header line {shown} starts with a space; headers must not be folded"
    if ":" not in line:
        return f"the line {shown} among the headers is not a header; {_NEEDED}"
    name = line.partition(":")[0]
    if _HEADER.fullmatch(f"{name}:") is None:
        return f"the header name in {shown} has characters that are not allowed in one"
    return f"the header line {shown} contains a control character"
