"""A connection's side of an answer that leaves before its run ends (`nexus.http.early.Channel`)."""

from __future__ import annotations

import errno
import math
import select
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nexus.server.sockets.connection import Connection

_LEFT = select.POLLRDHUP | select.POLLHUP | select.POLLERR


class SocketChannel:
    """Sends with gunicorn's response, whose method *start_response* is."""

    def __init__(self, connection: Connection, start_response: Any, deadline: float) -> None:
        self._connection, self._start_response = connection, start_response
        self._deadline = deadline
        self.send: Callable[[bytes], object] = start_response.__self__.write

    def begin(self, line: str, headers: list[tuple[str, str]], first: bytes | None) -> None:
        outgoing = self._connection.outgoing
        outgoing.until = self._deadline
        self._start_response(line, headers)
        self.send(first or b"")  # gunicorn sends no chunk for empty bytes, only the head
        outgoing.flush()

    def answered(self) -> None:
        self._connection.outgoing.until = math.inf
        response = self._start_response.__self__
        self._connection.on_answered(not response.should_close())

    def has_left(self) -> bool:
        """Return whether the client has closed its side, as nginx and Go's net/http see it."""
        self._connection.outgoing.go_on()
        poll = select.poll()
        poll.register(self._connection.fileno(), select.POLLRDHUP)
        return any(event & _LEFT for _, event in poll.poll(0))

    def end(self, *, cut: bool) -> None:
        if not cut:
            self._connection.outgoing.until = math.inf
            return
        # gunicorn takes a broken pipe for the client's fault: it closes, without a last chunk.
        raise BrokenPipeError(errno.EPIPE, "the answer was cut off")
