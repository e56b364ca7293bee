"""The sending half of a connection; keeps the bytes that the client does not take at once."""

from __future__ import annotations

import errno
import math
import select
from collections import deque
from typing import Any

from nexus.server.limits import Allowance
from nexus.server.sockets.thread_waits import NOT_NOW, ThreadWaits

STREAM_BYTES = 1 << 20
"""How much of an answer that is sent piece by piece may wait for its client; beyond it the thread
waits, too. A single piece may be of any size: it is in memory anyway."""
_MOST_JOINED = 65536
"""The largest piece of a body that is copied behind its head; a larger one is sent by itself."""
_RECORDS_BYTES = 65536
"""How much TLS gets at once: it reports no progress before it has sent all of it."""
_HEAD, _HEAD_ENDS = b"HTTP/1.", b"\r\n\r\n"
_INTERIM, _SWITCHED = b"HTTP/1.1 1", b"HTTP/1.1 101 "


class Outgoing:
    """Writes to a socket that never blocks. One thread at a time uses it.

    The head of a response is kept until the next `send` or `flush`: by PEP 3333 it is sent with the
    first bytes of the body.
    """

    __slots__ = (
        *("_head", "_sock", "_tls", "_unsent", "_waits"),
        *("allowance", "switched", "unsent_bytes", "until"),
    )

    def __init__(self, sock: Any, waits: ThreadWaits, *, tls: bool) -> None:
        self._sock, self._waits, self._tls = sock, waits, tls
        self._head = b""
        """a response's head that is not sent yet"""
        self._unsent: deque[memoryview] = deque()
        self.unsent_bytes = 0
        """how many bytes of the answer wait for the client"""
        self.allowance: Allowance | None = None
        """the time that the client has for them; None: no bytes wait"""
        self.until = math.inf
        """when a thread waits for the client no longer, in monotonic seconds: its run must end"""
        self.switched = False
        """whether the application answered 101: then it speaks another protocol, and its thread may
        wait without a limit"""

    def send(self, data: bytes) -> None:
        """Send *data*; keep the bytes that the client does not take at once.

        Raises: OSError if the client has left, or receives a stream too slowly.
        """
        head, self._head = self._head, b""
        if not head and data.startswith(_HEAD):
            if data.startswith(_SWITCHED):
                self.switched = True
            elif data.endswith(_HEAD_ENDS) and not data.startswith(_INTERIM):
                self._head = data
                return
        if len(data) <= _MOST_JOINED:
            self._put(head + data if head else data)
        else:
            self._put(head)
            self._put(data)

    def flush(self) -> None:
        """Send the head if it is still kept."""
        if self._head:
            head, self._head = self._head, b""
            self._put(head)

    def go_on(self) -> bool:
        """Send more of the bytes that wait; return whether all are sent. Raises: OSError."""
        while self._unsent:
            left = self._send_now(self._unsent[0])
            if left:
                self._unsent[0] = _compact(left)
                return False
            self._unsent.popleft()
        self.allowance = None
        return True

    def wait_for_room(self, most_bytes: int) -> None:
        """Wait until no more than *most_bytes* wait for the client. Raises: OSError."""
        while not self.go_on() and self.unsent_bytes > most_bytes:
            assert self.allowance is not None  # something waits
            until = math.inf if self.switched else self.allowance.until()
            try:
                self._waits.wait(self._sock, select.POLLOUT, min(until, self.until))
            except TimeoutError:
                # gunicorn logs a broken pipe as the client's fault, a timeout as the server's.
                raise BrokenPipeError(errno.EPIPE, "the client is too slow") from None

    def _put(self, data: bytes) -> None:
        if not data:
            return
        if self._unsent:
            self.wait_for_room(STREAM_BYTES)
        elif not self._tls:
            try:
                sent = self._sock.send(data)
            except NOT_NOW:
                sent = 0
            if sent == len(data):  # nearly always
                return
            self._keep(memoryview(data)[sent:])
            return
        self._keep(memoryview(data))
        self.go_on()

    def _keep(self, data: memoryview) -> None:
        self._unsent.append(_compact(data))
        self.unsent_bytes += len(data)
        if self.allowance is None:
            self.allowance = self._waits.limits().answer()

    def _send_now(self, data: memoryview) -> memoryview:
        """Send *data* as far as the client takes it; return the rest."""
        assert self.allowance is not None  # it was kept
        try:
            while data:
                sent = self._sock.send(data[:_RECORDS_BYTES] if self._tls else data)
                data = data[sent:]
                self.unsent_bytes -= sent
                self.allowance.bytes += sent
        except NOT_NOW:
            pass
        return data


def _compact(data: memoryview) -> memoryview:
    """Return *data*, copied where more than half of the bytes it points into have been sent.

    A view keeps all of those bytes in memory, which nothing accounts for.
    """
    whole = len(data.obj)  # type: ignore[arg-type]
    return memoryview(bytes(data)) if 2 * len(data) <= whole else data
