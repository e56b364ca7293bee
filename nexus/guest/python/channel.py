"""Stdin and stdout of a Python guest: a request and its answer, and calls of the host between.

CPython's build lets a guest use only the descriptors 0 to 2. So a write to stdout that begins with
a NUL is a message to the host, one that begins with a 1 an outbound request; the answer is read
on stdin, behind the request.
"""

from __future__ import annotations

from nexus.guest.host.messages import Messages, OutboundMessages
from nexus.guest.preview1.descriptors import BytesInput, CappedOutput
from nexus.plugin_api.guest import Run

_CALL, _REQUEST = 0, 1
"""the first byte of a message, and of no answer; `nexus_host.py` and `nexus_http.py` write it"""


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

    def write(self, content: memoryview) -> None:
        if content and content[0] == _CALL:
            self._messages.write(content[1:])
        elif content and content[0] == _REQUEST:
            self._outbound.write(content[1:])
        else:
            super().write(content)
