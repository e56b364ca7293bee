"""Text that a log or a terminal can take.

Whatever a guest or a client wrote is data: control characters never reach the output as such,
so nobody can forge a line or drive a terminal.
"""

from __future__ import annotations

import json
import time
from datetime import datetime

# One encoder for all lines: json.dumps would build one for every call with these separators.
# Non-ASCII is escaped, so lone surrogates and U+2028 are harmless.
encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False, default=str).encode

_second = (-1, "")  # the last second written, as text: it serves a thousand lines


def timestamp(seconds: float) -> str:
    """Write a Unix time as ISO 8601 in UTC with milliseconds: `2025-01-31T12:30:01.250Z`."""
    global _second
    whole = int(seconds)
    known, text = _second  # one read: another thread may replace the pair meanwhile
    if known != whole:
        text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(whole))
        _second = (whole, text)
    return f"{text}.{int((seconds - whole) * 1000):03d}Z"


def escape(text: str) -> str:
    """Write what a terminal would act on, or would hide, as a backslash escape."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def local_time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds).isoformat(timespec="milliseconds")[11:]
