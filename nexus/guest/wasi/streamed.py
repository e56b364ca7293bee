"""Stdout of a command whose response leaves as it is written."""

from __future__ import annotations

from nexus.errors import NexusError
from nexus.guest.early import BodyStream
from nexus.guest.preview1 import errno
from nexus.guest.preview1.descriptors import CappedOutput
from nexus.guest.preview1.errno import Refused
from nexus.guest.preview1.process import Process
from nexus.guest.wasi.cgi_response import parse_stream_head
from nexus.plugin_api.guest import Run


class StreamedOutput(CappedOutput):
    """Collects the head of a CGI response, then passes on what follows."""

    def __init__(self, run: Run, limit_bytes: int, stream: BodyStream, process: Process) -> None:
        super().__init__(run, limit_bytes)
        self._stream, self._process = stream, process

    def write(self, content: memoryview) -> None:
        if self._stream.head is not None:
            self._stream.write(content)
            return
        super().write(content)
        try:
            head, body_start = parse_stream_head(self.content, self._run.limits)
            if head is None:
                return
            self._stream.begin(head)
        except NexusError as error:
            self._run.stop(error)
            raise Refused(errno.IO) from error
        self._process.stream = self._stream
        self._stream.write(memoryview(bytes(self.content[body_start:])))
