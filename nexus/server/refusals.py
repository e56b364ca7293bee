"""Requests that the server refuses before the application sees them: answer, count, log line."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, NamedTuple
from urllib.parse import unquote_to_bytes

from nexus.errors import NexusError
from nexus.http.errors import problem
from nexus.model import HttpResponse, Outcome
from nexus.server.sockets.incoming import Incoming
from nexus.service import Service


def refusal(error: NexusError) -> HttpResponse:
    """Return the response for *error*."""
    return problem(error, None, None)


def as_bytes(response: HttpResponse, outcome: Outcome) -> bytes:
    """Return *response* as it is sent; it says that the connection closes."""
    headers = [
        *response.headers,
        ("X-Nexus-Outcome", outcome.value),
        ("Content-Length", str(len(response.body))),
        ("Connection", "close"),
    ]
    lines = [f"HTTP/1.1 {response.status} {HTTPStatus(response.status).phrase}"]
    lines += [f"{name}: {value}" for name, value in headers]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + response.body


class Asked(NamedTuple):
    """What a refused client asked for, as far as it has sent that."""

    method: str
    path: str
    remote: str
    """the client's address"""


def report(service: Service, asked: Asked, error: NexusError, status: int, size: int) -> None:
    """Count a refused request, and write its line into the access log. *size* is that of the
    answer's body."""
    service.refused(None, error)
    if service.access_log is None:
        return
    service.access_log.write(
        method=asked.method,
        path=asked.path,
        status=status,
        outcome=error.outcome,
        handler="",
        duration_ms=0.0,
        request_bytes=0,
        response_bytes=size,
        execution_id="",
        remote=asked.remote,
    )


def asked_on(incoming: Incoming | None, client: Any) -> Asked:
    """Return what *client*, an address, asked for; the path like WSGI's: decoded, without a
    query. *incoming* is None for connections that gunicorn alone reads."""
    remote = client[0] if isinstance(client, tuple) else ""
    if incoming is None:
        return Asked("", "", remote)
    method, _, rest = incoming.request_line().partition(b" ")
    target, _, version = rest.rpartition(b" ")
    if not version.startswith(b"HTTP/"):
        return Asked("", "", remote)
    path = unquote_to_bytes(target.partition(b"?")[0])
    return Asked(method.decode("latin-1"), path.decode("latin-1"), remote)


class Noting:
    """A connection's socket that notes the answer which gunicorn writes to it."""

    def __init__(self, sock: Any) -> None:
        self._sock = sock
        self.status = 0
        """0: gunicorn has written no answer"""
        self.size = 0
        """bytes of the answer's body"""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)

    def sendall(self, data: bytes) -> None:
        if not self.status:
            self.status = int(data[9:12])
        self.size += len(data.partition(b"\r\n\r\n")[2])
        self._sock.sendall(data)
