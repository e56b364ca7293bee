"""An answer on its way to granian: whole, early, or in parts."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

log = logging.getLogger("nexus.server")


class Response:
    """WSGI's `start_response`, and what the application said.

    It is also the `nexus.http.early.Channel` of an answer that leaves before its run ends.
    """

    __slots__ = ("_finish", "_left_bytes", "_proto", "_stream", "headers", "sent", "status")

    def __init__(self, proto: Any, most_bytes: int, finish: Callable[[], bool]) -> None:
        """*most_bytes*: how much may be streamed, since granian takes any amount at once and keeps
        what its client does not take. *finish* returns whether the connection must close."""
        self._proto, self._left_bytes, self._finish = proto, most_bytes, finish
        self._stream: Any = None
        self.status, self.headers = 500, list[tuple[str, str]]()
        self.sent = False
        """whether the answer has begun already"""

    def __call__(
        self, status: str, headers: list[tuple[str, str]], exc_info: Any = None
    ) -> Callable[[bytes], object]:
        self.status, self.headers = int(status[:3]), headers
        return _write

    def send_whole(self, body: bytes, *, closes: bool) -> None:
        """Send the answer with *body*."""
        if closes or self._finish():
            self.headers.append(("Connection", "close"))
        self.sent = True
        self._proto.response_bytes(self.status, self.headers, body)

    # ---- before the run ends --------------------------------------------------------------------

    def open_channel(self, start_response: Any, deadline: float) -> Response:
        return self

    def begin(self, line: str, headers: list[tuple[str, str]], first: bytes | None) -> None:
        self.status, self.headers = int(line[:3]), headers
        if first is not None:
            self.send_whole(first, closes=False)
            return
        if self._finish():
            headers.append(("Connection", "close"))
        self.sent = True
        self._stream = self._proto.response_stream(self.status, headers)

    def send(self, part: bytes) -> None:
        self._left_bytes -= len(part)
        if self._left_bytes < 0:
            log.warning("an answer is cut off: granian streams up to max_response_bytes")
            raise BrokenPipeError("more than may wait for a client")
        try:
            next(self._stream.send_bytes(part))
        except StopIteration:  # an awaitable that is done says so
            return
        except RuntimeError as error:  # RSGIProtocolClosed
            raise BrokenPipeError("the client has left") from error

    def answered(self) -> None:
        """Do nothing: granian has the whole answer, and its connection."""

    def has_left(self) -> bool:
        self.send(b"")  # hyper sends nothing for it
        return False

    def end(self, *, cut: bool) -> None:
        """End the body. granian cannot cut it off."""
        self._stream = None


def _write(_data: bytes) -> None:
    raise NotImplementedError("write() of WSGI's start_response is not supported")
