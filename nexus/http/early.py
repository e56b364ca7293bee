"""Answers that leave before their run ends: whole ones, and bodies that are streamed.

A server that knows Nexus brings a `Channel` for each, with `start_response` or with its socket; any
other WSGI server sends through the function that `start_response` returns (PEP 3333).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from nexus.http.head import head_of
from nexus.model import HttpResponse, Outcome

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse

START = "nexus.start_response"
"""key of a WSGI environ: the server's function, for an answer that leaves early"""


class Channel(Protocol):
    """A server's side of one early answer. All methods but `end` may raise OSError: the client has
    left, or is too slow."""

    def begin(self, line: str, headers: list[tuple[str, str]], first: bytes | None) -> None:
        """Send the head with the whole body; None: the body follows with `send`."""
        ...

    def send(self, part: bytes) -> None:
        """Send the next bytes of the body; wait for a client that is slow."""
        ...

    def answered(self) -> None:
        """Free the connection for the client's next request: nothing more will be sent."""
        ...

    def has_left(self) -> bool:
        """Return whether the client has left; send bytes that wait for it."""
        ...

    def end(self, *, cut: bool) -> None:
        """End the answer. If it is *cut* off, raise an error that makes the server close the
        connection, so that the client does not take it for whole."""
        ...


class EarlyAnswer:
    """The `Client` of one request."""

    def __init__(
        self,
        channel: Channel,
        method: str,
        note: Callable[[HttpResponse], None],
        before: Callable[[], None],
    ) -> None:
        """*note* is called with the response just before it is sent; *before* is called before the
        run goes on, which may take long."""
        self._channel, self._note, self._before = channel, note, before
        self._is_head = method == "HEAD"
        self._lost = False
        self.response: HttpResponse | None = None
        """the response that has begun; None: none has, so another may be sent"""
        self.streams = False
        self.sent_bytes = 0

    def answer(self, response: HttpResponse) -> None:
        self._begin(response)
        self._before()
        if not self._lost:
            self._try(self._channel.answered)

    def begin(self, response: HttpResponse) -> None:
        self.streams = True
        self._before()
        self._begin(response)

    def write(self, part: bytes) -> bool:
        if not self._lost and self._try(self._channel.send, part):
            self.sent_bytes += len(part)
        return not self._lost

    def has_left(self) -> bool:
        if not self._lost:
            try:
                self._lost = self._channel.has_left()
            except OSError:
                self._lost = True
        return self._lost

    def end(self, *, failed: bool) -> None:
        """End a streamed answer. It is cut off if its run *failed*. Raises: OSError, like
        `Channel.end`."""
        self._channel.end(cut=self.streams and (failed or self._lost))

    def _begin(self, response: HttpResponse) -> None:
        self._note(response)
        line, headers = head_of(response, Outcome.OK, to_head=self._is_head, streams=self.streams)
        body = b"" if self._is_head else response.body
        self._try(self._channel.begin, line, headers, None if self.streams else body)
        self.response = response

    def _try(self, call: Callable[..., None], *arguments: Any) -> bool:
        try:
            call(*arguments)
        except OSError:
            self._lost = True
        return not self._lost


class _PlainChannel:
    """Sends through any WSGI server."""

    def __init__(self, start_response: StartResponse) -> None:
        self._start_response = start_response
        self._write: Callable[[bytes], object] = lambda part: None

    def begin(self, line: str, headers: list[tuple[str, str]], first: bytes | None) -> None:
        self._write = self._start_response(line, headers)
        self.send(first or b"")

    def send(self, part: bytes) -> None:
        self._write(part)

    def answered(self) -> None:
        """Do nothing: the server keeps the connection until the run ends."""

    def has_left(self) -> bool:
        return False

    def end(self, *, cut: bool) -> None:
        if cut:
            raise BrokenPipeError("the answer was cut off")


def open_channel(environ: dict[str, Any], deadline: float) -> Channel:
    """Return the server's channel for the request of *environ*, which lasts until *deadline* at
    most (monotonic seconds)."""
    start_response = environ[START]
    for owner in (start_response, environ.get("gunicorn.socket")):
        make = getattr(owner, "open_channel", None)
        if make is not None:
            channel: Channel = make(start_response, deadline)
            return channel
    return _PlainChannel(start_response)
