"""Reads an answer from its connection: until its exchange is late, and out of the way of others."""

from __future__ import annotations

import io
import socket
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from http.client import HTTPResponse
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from urllib3.util import wait_for_read

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

Waits: TypeAlias = Callable[[], AbstractContextManager[None]]
"""Leaves the CPU to others for a `with` block, in which its thread waits"""


class NeedsThread(Exception):
    """A request on its guest's own thread needs a new connection. Another thread must open it:
    a look-up of a name cannot be interrupted, and so would outlast the deadline."""


class Reader(Protocol):
    """The part of an exchange that its connection uses."""

    deadline: float
    waits: Waits | None
    """None: the thread that carries it out is not its guest's"""


current = threading.local()
"""`exchange`: the exchange that the calling thread carries out"""


class _Received(io.RawIOBase):
    """The bytes that come from a socket. Each read ends by the deadline of the exchange: the
    socket's own timeout begins anew with each byte."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock, self._raw = sock, sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int | None:
        exchange: Reader = current.exchange
        left_s = exchange.deadline - time.monotonic()
        if left_s <= 0:
            raise TimeoutError("timed out")
        self._sock.settimeout(left_s)
        if exchange.waits is None or wait_for_read(self._sock, 0.0):
            return self._raw.readinto(buffer)
        with exchange.waits():
            return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Source:
    """The part of a socket that HTTPResponse uses."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Received(self._sock))


class Answer(HTTPResponse):
    """An answer that is read like this, for http.client."""

    def __init__(self, sock: Any, *args: Any, **options: Any) -> None:
        super().__init__(_Source(sock), *args, **options)  # type: ignore[arg-type]
