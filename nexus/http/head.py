"""The head of an answer: its status line and its headers, as WSGI wants them."""

from __future__ import annotations

from http import HTTPStatus

from nexus.model import HttpResponse, Outcome

_OUTCOMES = {outcome.value: ("X-Nexus-Outcome", outcome.value) for outcome in Outcome}
"""by the outcome or its word: they are equal, and `value` calls two functions of Python's"""
_STATUS_LINES = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}


def head_of(
    response: HttpResponse, outcome: Outcome, *, to_head: bool, streams: bool = False
) -> tuple[str, list[tuple[str, str]]]:
    """Return status line and headers of *response*, which gets the header that names *outcome*.

    *to_head*: the request's method is HEAD; *streams*: the length of the body is not known yet.
    """
    if response.reason:
        line = f"{response.status} {response.reason}"
    else:
        line = _STATUS_LINES.get(response.status) or f"{response.status} Unknown"
    headers = response.headers
    headers.append(_OUTCOMES[outcome])
    length = None if streams else _content_length(response, to_head=to_head)
    if length is not None:
        headers.append(("Content-Length", str(length)))
    return line, headers


def _content_length(response: HttpResponse, *, to_head: bool) -> int | None:
    """Return the value of Content-Length, or None to leave it out (RFC 9110 section 8.6)."""
    if response.status == 204:
        return None
    if response.length is not None or response.status == 304:
        return response.length
    size = len(response.body)
    return size or None if to_head else size
