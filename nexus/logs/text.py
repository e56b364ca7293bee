"""Makes text safe for a log or a terminal.

Text from a guest or a client is data: its control characters never reach the output, so it cannot
forge a line or drive a terminal.
"""

from __future__ import annotations

import json
import time
from datetime import datetime

# All lines share one encoder: json.dumps would build one for each call with these separators.
# Non-ASCII is escaped, so lone surrogates and U+2028 are harmless.
encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False, default=str).encode

_second = (-1, "")  # the last second written, as text: busy logs reuse it


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
    """Write characters that a terminal would act on or hide as backslash escapes."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def local_time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds).isoformat(timespec="milliseconds")[11:]
