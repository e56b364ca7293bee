"""Requests with numbers in them, whose answers must have the same numbers."""

from __future__ import annotations

import random
import socket
import struct
from typing import NamedTuple

from .conftest import Server


class Exchange(NamedTuple):
    """A request, and what its answer must be."""

    request: bytes
    status: int
    body: bytes | None
    """None: of no matter"""
    is_head: bool = False


def exchange(number: int, kind: int) -> Exchange:
    """Make the request *number*, of one of five kinds."""
    said = b"number %d of %d" % (number, kind)
    if kind == 0:
        head = b"POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n" % len(said)
        return Exchange(head + said, 200, said)
    if kind == 1:
        chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in said)
        head = b"POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
        return Exchange(head + chunks + b"0\r\n\r\n", 200, said)
    if kind == 2:
        return Exchange(b"GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n", 200, b"ok\n")
    if kind == 3:
        return Exchange(b"GET /nowhere/%d HTTP/1.1\r\nHost: h\r\n\r\n" % number, 404, None)
    return Exchange(b"HEAD /echo HTTP/1.1\r\nHost: h\r\n\r\n", 200, b"", is_head=True)


KINDS = 5


class Connection:
    """One connection, which may be cut off at any moment."""

    def __init__(self, server: Server) -> None:
        self._sock = socket.create_connection(("127.0.0.1", server.port), timeout=60)
        self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._received = b""

    def send(self, data: bytes, pieces: random.Random | None = None) -> None:
        """Send *data*, cut in several places if there are *pieces*."""
        while pieces is not None and len(data) > 1 and pieces.random() < 0.7:
            cut = pieces.randrange(1, len(data))
            self._sock.sendall(data[:cut])
            data = data[cut:]
        self._sock.sendall(data)

    def answer(self, *, to_head: bool = False) -> tuple[int, bytes, bool]:
        """Read one answer: its status, its body, and whether the connection is kept.

        Raises: OSError if it ends before.
        """
        while b"\r\n\r\n" not in self._received:
            self._read()
        head, _, self._received = self._received.partition(b"\r\n\r\n")
        first, *lines = head.lower().split(b"\r\n")
        fields = dict(line.split(b": ", 1) for line in lines)
        length = 0 if to_head else int(fields.get(b"content-length", b"0"))
        while len(self._received) < length:
            self._read()
        body, self._received = self._received[:length], self._received[length:]
        return int(first.split()[1]), body, fields.get(b"connection") != b"close"

    def has_part_of_an_answer(self) -> bool:
        return bool(self._received)

    def _read(self) -> None:
        more = self._sock.recv(65536)
        if not more:
            raise ConnectionResetError("it was closed")
        self._received += more

    def close(self) -> None:
        self._sock.close()

    def reset(self) -> None:
        """End it without a word: what was sent may be lost."""
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._sock.close()
