"""Logging: JSON lines or a form for people, and the access log.

Whatever a guest or a client wrote is data: control characters never reach the output as such,
so nobody can forge a line or drive a terminal.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
import time
from datetime import datetime
from typing import Literal, TextIO, TypeAlias

from nexus.model import Outcome

LogFormat: TypeAlias = Literal["auto", "json", "pretty"]

_HANDLER_NAME = "nexus"
_LEVELS = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}
_COLOURS = {"DEBUG": "\x1b[2m", "WARNING": "\x1b[33m", "ERROR": "\x1b[31m", "CRITICAL": "\x1b[31m"}
_PLAIN = "\x1b[0m"
_GUEST_LINE_CHARACTERS = 4096
_MARKS = {
    "<3>": logging.ERROR,
    "<4>": logging.WARNING,
    "<6>": logging.INFO,
    "<7>": logging.DEBUG,
}
_GUEST_LINES = 200  # 64 KiB of stderr could be 32,000 lines: a second of logging
_CONTROLS = dict.fromkeys((*range(0x20), *range(0x7F, 0xA0))) | {ord("\t"): " "}

# One encoder for all lines: json.dumps would build one for every call with these separators.
# Non-ASCII is escaped, so lone surrogates and U+2028 are harmless.
_encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False, default=str).encode

_second = (-1, "")  # the last second written, as text: it serves a thousand lines


def configure(level: str, format: LogFormat, stream: TextIO | None = None) -> None:
    """Send all logging to *stream* (default: stdout), replacing what an earlier call set up.

    *level* is debug, info, warning or error. A record's own data goes into
    `extra={"fields": {...}}`.
    """
    stream = sys.stdout if stream is None else stream
    output = logging.StreamHandler(stream)
    output.set_name(_HANDLER_NAME)
    output.setFormatter(
        JsonFormatter()
        if resolve_format(format, stream) == "json"
        else PrettyFormatter(colour=stream.isatty() and not os.environ.get("NO_COLOR"))
    )
    root = logging.getLogger()
    for handler in [found for found in root.handlers if found.get_name() == _HANDLER_NAME]:
        root.removeHandler(handler)
    root.addHandler(output)
    set_level(level)


def set_level(level: str) -> None:
    """Let the root logger pass what is at least *level*: debug, info, warning or error."""
    logging.getLogger().setLevel(_LEVELS[level])


def resolve_format(format: LogFormat, stream: TextIO) -> Literal["json", "pretty"]:
    """Decide what `auto` means for *stream*: pretty on a terminal, else json."""
    if format == "auto":
        return "pretty" if stream.isatty() else "json"
    return format


class JsonFormatter(logging.Formatter):
    """One JSON object a line: ts, level, logger, message, the record's fields, exception."""

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, object] = {
            "ts": timestamp(record.created),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if trace := _trace(self, record):
            entry["exception"] = trace
        for key, value in _fields(record).items():
            entry.setdefault(str(key), value)  # a field cannot pass itself off as the level
        try:
            return _encode(entry)
        except (TypeError, ValueError, RecursionError):  # NaN, a cycle, a key that is no string
            return _encode({key: _plain(value) for key, value in entry.items()})


class PrettyFormatter(logging.Formatter):
    """`12:30:01.250 WARNING nexus.pool: message key=value`, traces below."""

    def __init__(self, *, colour: bool) -> None:
        super().__init__()
        self._colour = colour

    def format(self, record: logging.LogRecord) -> str:
        level = f"{record.levelname:<7}"
        if self._colour and record.levelname in _COLOURS:
            level = f"{_COLOURS[record.levelname]}{level}{_PLAIN}"
        words = [_local_time(record.created), level, f"{record.name}:", escape(record.getMessage())]
        words += [f"{escape(str(key))}={_word(value)}" for key, value in _fields(record).items()]
        lines = [" ".join(words)]
        lines += [f"    {escape(line)}" for line in _trace(self, record).splitlines()]
        return "\n".join(lines)


class AccessLog:
    """Writes one line for each request, in one piece; any thread may call it.

    A stream that fails (a full disk, a closed pipe) must not fail the request: such lines are
    counted in `lost`. The caller checks `access_log` and the level.
    """

    def __init__(self, format: LogFormat, stream: TextIO | None = None) -> None:
        self._stream = sys.stdout if stream is None else stream
        self._json = resolve_format(format, self._stream) == "json"
        self._lock = threading.Lock()  # guards writes to _stream, and lost
        self.lost = 0

    def write(
        self,
        *,
        method: str,
        path: str,
        status: int,
        outcome: Outcome,
        handler: str,
        duration_ms: float,
        request_bytes: int,
        response_bytes: int,
        execution_id: str,
        remote: str,
    ) -> None:
        """Log one request. *path* without its query string, which may hold secrets."""
        now = time.time()
        if self._json:
            # By hand: 5 µs a line, against 17 for encoding a dict of these (CPython 3.10).
            line = (
                f'{{"ts":"{timestamp(now)}","level":"info","logger":"nexus.access",'
                f'"method":{_encode(method)},"path":{_encode(path)},"status":{status:d},'
                f'"outcome":{_encode(outcome.value)},"handler":{_encode(handler)},'
                f'"duration_ms":{duration_ms:.3f},"request_bytes":{request_bytes:d},'
                f'"response_bytes":{response_bytes:d},"execution_id":{_encode(execution_id)},'
                f'"remote":{_encode(remote)}}}\n'
            )
        else:
            line = (
                f"{_local_time(now)} {status:d} {escape(method)} {escape(path)} {outcome.value} "
                f"{duration_ms:.3f} ms {escape(handler) or '-'} {response_bytes:d} B "
                f"{escape(remote)}\n"
            )
        with self._lock:
            try:
                self._stream.write(line)
                self._stream.flush()
            except (OSError, ValueError):  # ValueError: the stream is closed
                self.lost += 1


def split_level(line: str) -> tuple[int, str]:
    """The level that a guest's line is marked with, as sd-daemon(3) does it, and the line without.

    `<3>` is an error, `<4>` a warning, `<7>` for debugging; a line without mark is information.
    """
    level = _MARKS.get(line[:3])
    return (logging.INFO, line) if level is None else (level, line[3:])


def guest_lines(raw: bytes) -> list[str]:
    """Split what a guest wrote to stderr into lines that a log can take.

    Bytes that are not UTF-8 are replaced, control characters removed, blank lines dropped; a
    line is cut at 4096 characters, and after 200 lines the rest is only counted.
    """
    text = raw.decode("utf-8", "replace")
    cleaned = (line.translate(_CONTROLS) for line in text.splitlines())
    lines = [line for line in cleaned if line.strip()]
    kept = [_clip(line) for line in lines[:_GUEST_LINES]]
    if len(lines) > _GUEST_LINES:
        kept.append(f"… {len(lines) - _GUEST_LINES} more lines")
    return kept


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


def _fields(record: logging.LogRecord) -> dict[object, object]:
    fields = getattr(record, "fields", None)
    return fields if isinstance(fields, dict) else {}


def _trace(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    parts = [formatter.formatException(record.exc_info)] if record.exc_info else []
    if record.stack_info:
        parts.append(formatter.formatStack(record.stack_info))
    return "\n".join(parts)


def _plain(value: object) -> object:
    return value if value is None or isinstance(value, (str, bool, int)) else repr(value)


def _word(value: object) -> str:
    text = str(value)
    return text if text.isalnum() else escape(repr(text) if " " in text or not text else text)


def _local_time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds).isoformat(timespec="milliseconds")[11:]


def _clip(line: str) -> str:
    if len(line) <= _GUEST_LINE_CHARACTERS:
        return line
    return line[: _GUEST_LINE_CHARACTERS - 1] + "…"
