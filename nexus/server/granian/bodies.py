"""Request bodies while they arrive: each up to a size and a time limit, and without a thread.

granian calls back with each part, as an item of the same queue as requests. So clients that stall
in the middle of a body keep no thread, however many they are.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from nexus.errors import NexusError, Overloaded, RequestTimeout
from nexus.server.limits import Allowance


class Body:
    """One body, while it arrives."""

    __slots__ = ("_then", "allowance", "awaited", "empty_parts", "ended", "length", "parts", "size")

    def __init__(self, length: int | None, allowance: Allowance, then: Then) -> None:
        self.length, self.allowance, self._then = length, allowance, then
        self.parts: list[bytes] = []
        self.size = 0
        self.empty_parts = 0
        self.awaited: Any = None
        """granian's future for the next part"""
        self.ended = False

    def end(self, found: bytes | NexusError | None) -> None:
        self.ended = True
        self.parts, self.awaited = [], None
        self._then(found)


Then = Callable[["bytes | NexusError | None"], None]
"""Called with a body once it has arrived, with an error that ends it, or with None if it is
malformed. A body longer than allowed is passed on up to the first part beyond the limit."""


class Bodies:
    """The bodies that one worker waits for. Thread-safe."""

    def __init__(self, most_bytes: int) -> None:
        """If the bodies hold more than *most_bytes* together, one that grows is refused."""
        self._most_bytes = most_bytes
        self._lock = threading.Lock()  # guards the next two
        self._bodies: set[Body] = set()
        self._held_bytes = 0

    def __len__(self) -> int:
        return len(self._bodies)

    def wait(
        self, proto: Any, length: int | None, limit: int, allowance: Allowance, then: Then
    ) -> None:
        """Wait for a body of *length* bytes, or if that is None for one of up to *limit*."""
        body = Body(length, allowance, then)
        with self._lock:
            self._bodies.add(body)
        self._read(body, proto.__aiter__(), limit)

    def sweep(self) -> None:
        """End the waits that took too long."""
        now = time.monotonic()
        for body in list(self._bodies):
            if now > body.allowance.until():
                self._end(body, RequestTimeout("body"))

    def end_all(self, error: NexusError) -> None:
        """End all waits with *error*."""
        for body in list(self._bodies):
            self._end(body, error)

    def _read(self, body: Body, stream: Any, limit: int) -> None:
        """Take the parts that are there, and wait for the next."""
        while True:
            try:
                future = stream.__anext__()
            except StopAsyncIteration:
                # An empty part before the end is an error or trailers, which granian does not tell
                # apart; the part that only says that the body ends is there in any case.
                self._end(body, b"".join(body.parts) if body.empty_parts == 1 else None)
                return
            body.awaited = future
            if not future.done():
                future.add_done_callback(partial(self._arrived, body, stream, limit))
                return
            if self._take(body, future, limit):
                return

    def _arrived(self, body: Body, stream: Any, limit: int, future: Any) -> None:
        if not future.cancelled() and not body.ended and not self._take(body, future, limit):
            self._read(body, stream, limit)

    def _take(self, body: Body, future: Any, limit: int) -> bool:
        """Take a part; return whether the body has ended."""
        part: bytes = future.result()
        if part:
            body.parts.append(part)
            body.size += len(part)
            body.allowance.bytes = body.size
        else:
            body.empty_parts += 1
        with self._lock:
            self._held_bytes += len(part)
            full = self._held_bytes > self._most_bytes
        if body.size > limit or (body.length is not None and body.size >= body.length):
            self._end(body, b"".join(body.parts))
        elif full:
            self._end(body, Overloaded("too many request bodies at once"))
        return body.ended

    def _end(self, body: Body, found: bytes | NexusError | None) -> None:
        with self._lock:
            if body not in self._bodies:
                return  # ended meanwhile on another thread
            self._bodies.discard(body)
            self._held_bytes -= body.size
        if isinstance(found, NexusError) and body.awaited is not None:
            body.awaited.cancel()  # granian reads no more of it
        body.end(found)
