"""A connection's socket that makes few system calls, and says when it is going to wait.

Each system call on a socket gives the GIL up, and then waits for all others that want it. For a
request on a connection kept alive gunicorn makes nine: it sets and unsets time limits that no read
comes to meet, waits and then reads, and sends the head of a response and its body one by one. Here
it is one that reads and one that sends.
"""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Callable
from typing import Any

_HEAD, _INTERIM, _HEAD_ENDS = b"HTTP/1.", b"HTTP/1.1 1", b"\r\n\r\n"
_MOST_JOINED = 65536
"""bytes of a body that are copied behind their head rather than sent by themselves"""


class Connection:
    """Stands for a connected socket, and is one in all that it does not do itself.

    The socket itself never blocks; where this has to, it waits by poll, under the time limit that
    was set. The head of a response waits for what is sent next, or for `flush`: by PEP 3333 it goes
    out with the first bytes of the body. One thread at a time uses a connection.
    """

    __slots__ = ("_before_wait", "_head", "_sock", "_timeout_s")

    def __init__(self, sock: socket.socket, before_wait: Callable[[], None]) -> None:
        """*before_wait* is called when a read or a write is about to wait for the peer."""
        self._sock, self._before_wait = sock, before_wait
        self._timeout_s = sock.gettimeout()
        self._head = b""
        """of a response, to be sent yet"""
        sock.setblocking(False)

    def __getattr__(self, name: str) -> Any:
        """What is rarely used, such as `sendfile`, on the socket as it would be without this."""
        self.flush()
        self._sock.settimeout(self._timeout_s)
        return getattr(self._sock, name)

    def fileno(self) -> int:
        return self._sock.fileno()

    def close(self) -> None:
        self._sock.close()

    def gettimeout(self) -> float | None:
        return self._timeout_s

    def settimeout(self, timeout_s: float | None) -> None:
        self._timeout_s = timeout_s

    def setblocking(self, flag: bool) -> None:
        self._timeout_s = None if flag else 0.0

    def recv(self, size: int) -> bytes:
        """As `socket.recv`."""
        self._never_block()
        until = self._limit()
        while True:
            try:
                return self._sock.recv(size)
            except BlockingIOError:
                self._wait(select.POLLIN, until)

    def sendall(self, data: bytes) -> None:
        """As `socket.sendall`, but for the head of a response."""
        head, self._head = self._head, b""
        if not head and _is_head(data):
            self._head = data
        elif len(data) <= _MOST_JOINED:
            self._send(head + data)
        else:
            self._send(head)
            self._send(data)

    def flush(self) -> None:
        """Send a head that nothing followed."""
        head, self._head = self._head, b""
        self._send(head)

    def _send(self, data: bytes) -> None:
        self._never_block()
        left, until = memoryview(data), self._limit()
        while left:
            try:
                left = left[self._sock.send(left) :]
            except BlockingIOError:
                self._wait(select.POLLOUT, until)

    def _never_block(self) -> None:
        if self._sock.gettimeout() != 0.0:  # after `__getattr__`; asking is no system call
            self._sock.setblocking(False)

    def _limit(self) -> float | None:
        return None if self._timeout_s is None else time.monotonic() + self._timeout_s

    def _wait(self, event: int, until: float | None) -> None:
        """Raises: BlockingIOError where it may not wait; TimeoutError."""
        if self._timeout_s == 0.0:
            raise BlockingIOError
        self._before_wait()
        poll = select.poll()
        poll.register(self._sock, event)
        left_s = None if until is None else max(0.0, until - time.monotonic())
        if not poll.poll(None if left_s is None else left_s * 1000):
            raise TimeoutError("timed out")


def _is_head(data: bytes) -> bool:
    """Whether this is the whole head of a response, and not of an interim one, such as 103."""
    return data.startswith(_HEAD) and data.endswith(_HEAD_ENDS) and not data.startswith(_INTERIM)
