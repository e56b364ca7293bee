"""Stdin and stdout of a Python guest: a request and its answer, and calls of the host between.

CPython's build lets a guest use only the descriptors 0 to 2. So a write to stdout that begins with
a NUL is a message to the host, whose answer is read on stdin, behind the request.
"""

from __future__ import annotations

from typing import Final

from nexus.guest.host.messages import Messages
from nexus.guest.preview1.descriptors import BytesInput, CappedOutput
from nexus.plugin_api.guest import Run

_CALL: Final = 0
"""the first byte of a message, and of no answer; `boot/nexus_host.py` writes it"""


class Input(BytesInput):
    """The request, then the answers to messages."""

    def __init__(self, content: bytes, messages: Messages) -> None:
        super().__init__(content)
        self._messages = messages

    def read(self, length: int) -> bytes:
        return super().read(length) or self._messages.read(length)


class Output(CappedOutput):
    """Collects the answer to the request, and passes messages on."""

    def __init__(self, run: Run, limit_bytes: int, messages: Messages) -> None:
        super().__init__(run, limit_bytes)
        self._messages = messages

    def write(self, content: memoryview) -> None:
        if content and content[0] == _CALL:
            self._messages.write(content[1:])
        else:
            super().write(content)
