"""Answers, as bytes, to requests that the server refuses before the application sees them."""

from __future__ import annotations

from http import HTTPStatus

from nexus.errors import NexusError
from nexus.http.errors import problem


def refusal(error: NexusError) -> bytes:
    """Return the whole response for *error*; it says that the connection closes."""
    response = problem(error, None, None)
    headers = [
        *response.headers,
        ("X-Nexus-Outcome", error.outcome.value),
        ("Content-Length", str(len(response.body))),
        ("Connection", "close"),
    ]
    lines = [f"HTTP/1.1 {response.status} {HTTPStatus(response.status).phrase}"]
    lines += [f"{name}: {value}" for name, value in headers]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + response.body
