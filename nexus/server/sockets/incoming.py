"""The receiving half of a connection; reads its client's bytes ahead of gunicorn's parser."""

from __future__ import annotations

import math
import select
import time
from collections.abc import Callable
from enum import Enum
from typing import Any

from nexus.server.limits import Allowance
from nexus.server.sockets.arrival import Arrival, Framing
from nexus.server.sockets.thread_waits import NOT_NOW, ThreadWaits, event_of

READ_BYTES = 64 << 10
_LINE_BYTES = 8 << 10
"""The longest request line that the access log shows"""
_NOTHING = b""
_MOST_TRIES = 100
"""How often the parser may find a request incomplete that counts as complete; after that the client
is cut off."""


class HeadIncomplete(BaseException):
    """gunicorn's parser wants more of a head that counted as complete.

    Not an Exception: gunicorn answers each of those with an error.
    """


class Stage(Enum):
    """The part of a request that its client is about to send."""

    NONE = ""
    HEAD = "head"
    BODY = "body"


class Incoming:
    """Reads a socket that never blocks. One thread at a time uses it."""

    __slots__ = (
        *("_ahead", "_framing", "_given", "_in_head", "_left", "_may_hold_more", "_part_read"),
        *("_reading", "_sock", "_tls", "_tried", "_tries", "_waits", "before_read"),
        "ended",
    )

    def __init__(self, sock: Any, waits: ThreadWaits, *, tls: bool) -> None:
        self._sock, self._waits, self._tls = sock, waits, tls
        self._framing = Framing(lambda: waits.limits().body_bytes)
        self._ahead: bytes | bytearray = _NOTHING
        """bytes read from the socket that the parser or the application has not read yet"""
        self._may_hold_more = False
        """whether the socket may have more bytes although no event will report them"""
        self.ended = False
        """whether the client sends no more, or the connection was closed on this side"""
        self._in_head = False
        self._given: bytes = _NOTHING
        """the bytes of the current head that the parser has read"""
        self._tried = 0
        """the length of a head that the parser found incomplete; 0: there was none"""
        self._tries = 0
        """how often the parser found a head incomplete"""
        self._reading: Allowance | None = None
        """the client's time for the body that a thread reads"""
        self._left: int | None = None
        """how many bytes a thread has yet to read of a body; None: unknown, or no thread reads"""
        self._part_read: Callable[[], None] | None = None
        """called when a thread has read the rest of a body"""
        self.before_read: Callable[[], None] | None = None
        """called once, before the first wait for the client"""

    # ---- without waiting ----------------------------------------------------------------------

    @property
    def held_bytes(self) -> int:
        """Return how many bytes are kept here until the parser or the application reads them."""
        return len(self._ahead)

    def stage(self) -> Stage:
        """Return which part of the next request is arriving; empty lines before it do not count."""
        if self._framing.in_body:
            return Stage.BODY
        return Stage.NONE if not self._ahead or self._ahead == b"\r\n" else Stage.HEAD

    def may_be_ready(self) -> bool:
        """Return whether a request may be there although the socket will report no event."""
        return self._may_hold_more or (bool(self._ahead) and self._look() is not Arrival.MORE)

    def arrival(self) -> Arrival:
        """Read all bytes that have arrived; return how much of the next request they are."""
        if self._ahead and (found := self._look()) is not Arrival.MORE:
            return found
        while True:
            try:
                data = self._sock.recv(READ_BYTES)
            except NOT_NOW:
                self._may_hold_more = False
                return Arrival.MORE
            except OSError:
                return Arrival.GONE
            if not data:
                self.ended = True
                # The application reports a body that ends early.
                return Arrival.WHOLE if self._framing.in_body else Arrival.GONE
            self._ahead = bytearray(self._ahead) + data if self._ahead else data
            found = self._look()
            # A read from TLS returns one record at a time.
            self._may_hold_more = self._tls or len(data) == READ_BYTES
            if found is not Arrival.MORE or not self._may_hold_more:
                return found

    def _look(self) -> Arrival:
        if self._tries > _MOST_TRIES:
            return Arrival.GONE
        if self._tried:
            return Arrival.WHOLE if len(self._ahead) > self._tried else Arrival.MORE
        return self._framing.look(self._ahead)

    # ---- gunicorn's parser ----------------------------------------------------------------------

    def begin_head(self) -> None:
        """Begin the head: the parser may read it, but not wait for it."""
        self._in_head = True
        self._given = _NOTHING

    def end_head(self) -> None:
        """End the head: further reads are of the body."""
        self._in_head = False
        self._given = _NOTHING

    def fail_head(self) -> None:
        """End a head that the parser has rejected; `request_line` still knows it."""
        self._in_head = False

    def request_line(self) -> bytes:
        """Return the first line of the request that is arriving or was rejected; empty if the
        client has not sent all of it."""
        text = bytes((self._given or self._ahead)[:_LINE_BYTES]).removeprefix(b"\r\n")
        line, end, _ = text.partition(b"\r\n")
        return line if end else _NOTHING

    def take_head_back(self) -> None:
        """Put back the bytes that the parser has read of a head, until more arrive."""
        self._ahead = self._given + self._ahead
        self._tried = len(self._ahead)
        self._tries += 1
        self.end_head()

    def read_part(self, done: Callable[[], None]) -> None:
        """Let a thread read the rest of the body; call *done* once it is read."""
        self._left = self._framing.missing(len(self._ahead))
        self._part_read = done

    def end_part(self) -> None:
        """Call what `read_part` was given, unless the body has been read to its end."""
        done, self._part_read, self._left = self._part_read, None, None
        if done is not None:
            done()

    def next_request(self, unread: bytes) -> None:
        """Begin with the next request, of which the parser has read *unread*."""
        if unread:
            self._ahead = unread + self._ahead
        self._framing.reset()
        self._tried = self._tries = 0
        self._reading = self.before_read = None

    def recv(self, size: int, until: float | None, *, blocks: bool, limited: bool) -> bytes:
        """Return bytes that were read ahead; if there are none, wait for the client.

        Raises: HeadIncomplete in a head; TimeoutError at *until* (monotonic seconds), or, if the
            wait is *limited*, when the client is too slow; BlockingIOError if not *blocks*.
        """
        if self._ahead:
            return self._take(size)
        if self.ended:
            return _NOTHING
        if self._in_head:
            raise HeadIncomplete
        return self._wait_for_data(size, math.inf if until is None else until, blocks, limited)

    def _take(self, size: int) -> bytes:
        piece, self._ahead = bytes(self._ahead[:size]), self._ahead[size:]
        if self._in_head:
            self._given += piece
        return piece

    def _wait_for_data(self, size: int, until: float, blocks: bool, limited: bool) -> bytes:
        if self.before_read is not None:
            call, self.before_read = self.before_read, None
            call()
        if self._reading is None:
            self._reading = self._waits.limits().body()
        while True:
            latest = min(until, self._reading.until()) if limited else until
            # Also where nothing blocks: a client may always have sent another byte by now.
            if time.monotonic() > latest:
                raise TimeoutError("timed out")
            try:
                data: bytes = self._sock.recv(size)
            except NOT_NOW as error:
                if not blocks:
                    raise BlockingIOError from None
                self._waits.wait(self._sock, event_of(error, select.POLLIN), latest)
                continue
            self._count(len(data))
            return data

    def _count(self, size: int) -> None:
        assert self._reading is not None  # the caller made it
        self._reading.bytes += size
        if not size:
            self.ended = True
        if self._left is not None:
            self._left -= size
            if self._left <= 0:
                self.end_part()
