"""A connection's socket, as gunicorn and applications see it.

Each system call on a socket releases the GIL, and then waits for all other threads that want it.
For a request on a connection kept alive gunicorn makes nine calls: it sets and unsets time limits
that no read reaches, waits before it reads, and sends the head of a response apart from its body.
Here one call reads and one sends.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable
from typing import Any

from nexus.server.sockets.channel import SocketChannel
from nexus.server.sockets.incoming import Incoming
from nexus.server.sockets.outgoing import Outgoing
from nexus.server.sockets.thread_waits import ThreadWaits

_DISCARD_BYTES = 65536


class Connection:
    """Wraps a connected socket, and passes on all that it does not do itself.

    The socket itself never blocks. A time limit that is set covers everything until another is
    set, not each call: a client that sends a byte now and then does not extend it. One thread at a
    time uses a connection.
    """

    __slots__ = (
        *("_closed", "_sock", "_timeout_s", "_until"),
        *("incoming", "on_answered", "outgoing"),
    )

    def __init__(self, sock: socket.socket, waits: ThreadWaits) -> None:
        self._timeout_s = sock.gettimeout()
        self._until: float | None = None
        """the end of the time limit, in monotonic seconds"""
        self._closed = False
        """whether gunicorn or the application has closed it"""
        sock.setblocking(False)
        self._sock = sock
        tls = isinstance(sock, ssl.SSLSocket)
        self.incoming = Incoming(sock, waits, tls=tls)
        self.outgoing = Outgoing(sock, waits, tls=tls)
        self.on_answered: Callable[[bool], None] = lambda stays: None
        """called on a request's own thread when its answer is complete, but its run is not; the
        argument tells whether the client may send another request"""

    def __getattr__(self, name: str) -> Any:
        """Return any other attribute of the socket, such as `sendfile`, once all is sent.

        The socket has the time limit that was set; the next `recv` or `sendall` takes it away.
        """
        self.flush()
        self.outgoing.wait_for_room(0)
        self._sock.settimeout(self._timeout_s)
        return getattr(self._sock, name)

    def fileno(self) -> int:
        return self._sock.fileno()

    def close(self) -> None:
        """Read and send no more. The descriptor stays open until `release`, for epolls that watch
        it."""
        self.incoming.ended = True
        self._closed = True

    def release(self) -> None:
        """Close the socket itself."""
        self._sock.close()

    def gettimeout(self) -> float | None:
        return self._timeout_s

    def settimeout(self, timeout_s: float | None) -> None:
        """Limit all reads and writes together, from now until the next call of this."""
        self._timeout_s = timeout_s
        self._until = time.monotonic() + timeout_s if timeout_s else None  # 0: it does not wait

    def setblocking(self, flag: bool) -> None:
        self.settimeout(None if flag else 0.0)

    def recv(self, size: int) -> bytes:
        """Receive like `socket.recv`, but raise HeadIncomplete rather than wait for a head."""
        self.never_block()
        return self.incoming.recv(
            size,
            self._until,
            blocks=self._timeout_s != 0.0,
            limited=not self.outgoing.switched,
        )

    def sendall(self, data: bytes) -> None:
        """Send like `socket.sendall`, but keep the head of a response for the next call, and the
        bytes that the client does not take for `outgoing.go_on`."""
        self.never_block()
        self.outgoing.send(data)

    def send(self, data: bytes) -> int:
        """As `socket.send`, but never sends less than all.

        `100 Continue` is only sent once a thread is about to wait for the body: an application that
        answers before it reads the body has refused it.
        """
        if data.startswith(b"HTTP/1.1 100 "):
            self.incoming.before_read = lambda: self.outgoing.send(data)
        else:
            self.flush()
            self.outgoing.send(data)
            self.flush()
        return len(data)

    def open_channel(self, start_response: Any, deadline: float) -> SocketChannel:
        """Return the channel for an answer that leaves before its run ends, by *deadline*."""
        return SocketChannel(self, start_response, deadline)

    def flush(self) -> None:
        """Send the head of a response if it is still kept."""
        self.never_block()
        self.outgoing.flush()

    def never_block(self) -> None:
        """Make the socket non-blocking again after `__getattr__`; no system call if it still is."""
        if self._sock.gettimeout() != 0.0:
            self._sock.setblocking(False)

    def shutdown(self, how: int) -> None:
        """Shut down like `socket.shutdown`, and read no more requests."""
        self.incoming.ended = True
        self.never_block()
        self._sock.shutdown(how)

    def handshake(self) -> None:
        """Go on with the TLS handshake. Raises: SSLWantReadError, SSLWantWriteError; OSError."""
        if isinstance(self._sock, ssl.SSLSocket):
            self._sock.do_handshake()

    def discard(self) -> bool:
        """Read and discard the client's bytes; return whether the client may send more."""
        try:
            return bool(self._sock.recv(_DISCARD_BYTES))
        except BlockingIOError:
            return True
        except OSError:
            return False
