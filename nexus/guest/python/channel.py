"""Stdin and stdout of a Python guest: a request and its answer, and calls of the host between.

CPython's build lets a guest use only the descriptors that are open when it starts. So a write to
stdout that begins with a NUL is a message to the host, and one that begins with `_REQUEST` an
outbound request; the answer is read on stdin, behind the request. A write that begins with
`_EARLY`, `_HEAD` or `_PART` is an answer, or a part of one, that leaves before the run ends.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from nexus.errors import NexusError
from nexus.guest.early import BodyStream
from nexus.guest.host.messages import Messages, OutboundMessages
from nexus.guest.preview1 import errno
from nexus.guest.preview1.descriptors import BytesInput, CappedOutput
from nexus.guest.preview1.errno import Refused
from nexus.plugin_api.guest import Run

_CALL: Final = 0
_EARLY: Final = 1
_REQUEST: Final = 2
_HEAD: Final = 3
_PART: Final = 4
"""the first byte of a message, of an answer that leaves early, of an outbound request, of a head
whose body follows, and of a part of that body; no other answer begins so. `nexus_host.py`,
`boot.py`, `nexus_http.py` and `nexus_stream.py` in `boot/` write them"""


class Input(BytesInput):
    """The request, then the answers to messages."""

    def __init__(self, content: bytes, messages: Messages, outbound: OutboundMessages) -> None:
        super().__init__(content)
        self._messages, self._outbound = messages, outbound

    def read(self, length: int) -> bytes:
        content = super().read(length) or self._messages.read(length)
        return content or self._outbound.read(length)


class Output(CappedOutput):
    """Collects the answer to the request, and passes messages on."""

    def __init__(
        self, run: Run, limit_bytes: int, messages: Messages, outbound: OutboundMessages
    ) -> None:
        super().__init__(run, limit_bytes)
        self._messages, self._outbound = messages, outbound
        self.early: Callable[[memoryview], None] | None = None
        """takes the answers that leave early; None: there are none"""
        self.head: Callable[[memoryview], None] | None = None
        """takes the heads of bodies that are streamed"""
        self.stream: BodyStream | None = None
        """takes the parts of a body, after its head"""

    def write(self, content: memoryview) -> None:
        first = content[0] if content else None
        if first == _CALL:
            self._messages.write(content[1:])
        elif first == _PART and self.stream is not None:
            self.stream.write(content[1:])
        elif first == _REQUEST:
            self._outbound.write(content[1:])
        elif first == _EARLY and self.early is not None:
            self._pass_on(self.early, content[1:])
        elif first == _HEAD and self.head is not None:
            self._pass_on(self.head, content[1:])
        else:
            super().write(content)

    def _pass_on(self, take: Callable[[memoryview], None], content: memoryview) -> None:
        try:
            take(content)
        except NexusError as error:
            self._run.stop(error)
            raise Refused(errno.IO) from error
