"""Sends a guest's answer before its run ends: the whole of it, or its body piece by piece."""

from __future__ import annotations

import time

from nexus.errors import ClientLeft, DeadlineExceeded
from nexus.guest.preview1 import errno
from nexus.guest.preview1.descriptors import FD_WRITE, Descriptor
from nexus.guest.preview1.errno import Refused
from nexus.model import Client, Handler, HttpRequest, HttpResponse
from nexus.plugin_api.guest import Run


def answer_early(request: HttpRequest, handler: Handler, run: Run, response: HttpResponse) -> None:
    """Send *response* now, if anyone can; otherwise the caller returns it when the run ends."""
    if request.sender is not None and run.stopped is None:
        request.sender.open(request, handler, run).answer(response)


class BodyStream(Descriptor):
    """The body of one answer, which leaves as the guest writes it."""

    rights = Descriptor.rights | FD_WRITE

    def __init__(self, request: HttpRequest, handler: Handler, run: Run) -> None:
        self._request, self._handler, self._run = request, handler, run
        self._client: Client | None = None
        self.head: HttpResponse | None = None
        """the response that has begun; None: none has"""

    @classmethod
    def of(cls, request: HttpRequest, handler: Handler, run: Run) -> BodyStream | None:
        """Return the stream for the answer to *request*, or None if it must be sent whole."""
        if not handler.stream or request.sender is None:
            return None
        if request.meta.get("REQUEST_METHOD") == "HEAD":
            return None
        return cls(request, handler, run)

    def response(self) -> HttpResponse:
        """Return the head that was sent, as the run's answer."""
        assert self.head is not None  # the caller knows that it has begun
        return self.head

    def begin(self, head: HttpResponse) -> None:
        """Send the *head* of the answer."""
        sender = self._request.sender
        assert sender is not None  # `of` asked
        self.head = head
        self._run.give_way()  # the client may keep the host waiting
        self._client = sender.open(self._request, self._handler, self._run)
        self._client.begin(head)

    def write(self, content: memoryview) -> None:
        """Send a part of the body. Raises: Refused if the client has left, which ends the run."""
        assert self._client is not None  # the head comes first
        self._run.give_way()
        if content and not self._client.write(bytes(content)):
            self._end()
            raise Refused(errno.PIPE)

    def look(self) -> None:
        """End the run if the client has left; call this while the guest sleeps."""
        if self._client is not None and self._client.has_left():
            self._end()

    def _end(self) -> None:
        run = self._run
        if time.monotonic() >= run.deadline:  # until then the host waited for the client
            limit = run.limits.timeout_s
            run.stop(DeadlineExceeded(f"not finished within its deadline ({limit:g} s)"))
        else:
            run.stop(ClientLeft("the client has left, or receives the answer too slowly"))
