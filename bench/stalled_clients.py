"""Clients of eight kinds that begin a request and stall; for `bench.stalled` and the tests."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

CERTIFICATE = Path(__file__).parent / "apps" / "tls.pem"
"""A certificate for localhost, with its key; only these clients trust it."""
HEAD = b"HTTP/1.1\r\nHost: here\r\n"
SMALL_BUFFER = 4096

BEGINNINGS = {
    "silent": b"",
    "one byte": b"G",
    "half a head": b"GET /hello " + HEAD + b"X-Header: ",
    "head drips": b"GET /hello " + HEAD,
    "body drips": b"POST /echo " + HEAD + b"Content-Length: 1000\r\n\r\n",
    "endless chunks": b"POST /echo " + HEAD + b"Transfer-Encoding: chunked\r\n\r\n",
    "answer unread": b"GET /large " + HEAD + b"\r\n",
    "half a handshake": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
}
"""Maps each kind to the bytes that it sends first."""
DRIPS = {"head drips": b"X: y\r\n", "body drips": b"x", "endless chunks": b"1\r\nx\r\n"}
"""Maps some kinds to the bytes that they send again and again afterwards."""
TLS = "half a handshake"


class Stalled:
    """One client that stalls."""

    def __init__(self, port: int, kind: str) -> None:
        self.kind = kind
        self.sock = socket.socket()
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER)
        self.sock.settimeout(60)
        self.sock.connect(("127.0.0.1", port))
        self.sock.sendall(BEGINNINGS[kind])

    def drip(self) -> None:
        """Send the next bytes, if this kind does."""
        if self.kind in DRIPS:
            with suppress(OSError):  # the server may close the connection
                self.sock.sendall(DRIPS[self.kind])

    def answer(self) -> bytes:
        """Read until the server closes the connection."""
        found = b""
        try:
            while more := self.sock.recv(65536):
                found += more
        except ConnectionResetError:
            pass
        return found

    def is_open(self) -> bool:
        """Return whether the connection is still open; discards the bytes that the server sent."""
        self.sock.settimeout(0)
        try:
            while more := self.sock.recv(65536):
                assert more
        except BlockingIOError:
            return True
        except OSError:
            pass
        finally:
            self.sock.settimeout(60)
        return False


@contextmanager
def stalled(port: int, kinds: list[str], count: int) -> Iterator[list[Stalled]]:
    """Open *count* such clients of each of *kinds*."""
    clients: list[Stalled] = []
    try:
        for kind in kinds:
            clients += [Stalled(port, kind) for _ in range(count)]
        yield clients
    finally:
        for client in clients:
            client.sock.close()
