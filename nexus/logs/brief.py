"""The form of log lines for work on handlers: short, and only what concerns them.

Of the server's own records it keeps warnings and errors; of the others what guests write, which
handlers changed, and the runs of schedules.
"""

from __future__ import annotations

import logging
from typing import Final

from nexus.logs.formats import fields_of, trace_of
from nexus.logs.text import escape, local_time
from nexus.model import Outcome

CHANGES: Final = "nexus.changes"
"""Name of the logger that reports which handlers serve"""
GUEST: Final = "nexus.guest"
"""Name of the logger of what guests write"""
SCHEDULES: Final = "nexus.schedules"
"""Name of the logger that reports runs of schedules"""

_SECONDS: Final = 8
_LEFT_OUT: Final = ("execution_id", "code")
"""Fields that say nothing to somebody who sees the message"""
_RED, _YELLOW, _GREEN, _CYAN, _DIM, _PLAIN = (
    *("\x1b[31m", "\x1b[33m", "\x1b[32m", "\x1b[36m", "\x1b[2m", "\x1b[0m"),
)
_LEVELS: Final = {"DEBUG": _DIM, "WARNING": _YELLOW, "ERROR": _RED, "CRITICAL": _RED}


def concerns_handlers(record: logging.LogRecord) -> bool:
    """Return whether *record* is for somebody who works on handlers."""
    return record.levelno >= logging.WARNING or record.name in (CHANGES, GUEST, SCHEDULES)


class BriefFormatter(logging.Formatter):
    """`12:30:01 hello | text` for a guest's line, `12:30:01 text` for others; errors in full."""

    def __init__(self, *, colour: bool) -> None:
        super().__init__()
        self._colour = colour

    def format(self, record: logging.LogRecord) -> str:
        fields = fields_of(record)
        handler = str(fields.pop("handler", ""))
        for name in _LEFT_OUT:
            fields.pop(name, None)
        first, *more = record.getMessage().split("\n")
        text = f"{escape(handler)} | {escape(first)}" if handler else escape(first)
        text += "".join(f" {escape(str(key))}={escape(str(fields[key]))}" for key in fields)
        lines = [text, *(f"    {escape(line)}" for line in (*more, *trace_of(self, record)))]
        colour = _LEVELS.get(record.levelname, "") if self._colour else ""
        if colour:
            lines = [f"{colour}{line}{_PLAIN}" for line in lines]
        return f"{local_time(record.created)[:_SECONDS]} " + "\n".join(lines)


def request_line(
    now: float, method: str, path: str, status: int, outcome: Outcome, ms: float, *, colour: bool
) -> str:
    """Return the line for one request: `12:30:01 GET /hello 200 1.2 ms`."""
    mark = str(status)
    if colour:
        shade = {2: _GREEN, 3: _CYAN, 4: _YELLOW, 5: _RED}.get(status // 100, "")
        mark = f"{shade}{status}{_PLAIN}" if shade else mark
    why = "" if outcome is Outcome.OK else f" {outcome.value}"
    time = local_time(now)[:_SECONDS]
    return f"{time} {escape(method)} {escape(path)} {mark} {ms:.1f} ms{why}\n"
