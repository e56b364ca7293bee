"""Text that tries to forge a line, and streams that logs are written to."""

from __future__ import annotations

import io
import json

HOSTILE = 'x\n{"level":"error"}\r\x1b[31m\x00\x85\u2028\u202e\ud800"\\é'


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def lines_of(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]
