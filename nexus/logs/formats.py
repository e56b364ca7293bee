"""Log records as JSON lines, or as lines for people."""

from __future__ import annotations

import logging
import os
from typing import Any, Literal, TextIO, TypeAlias

from nexus.logs.text import encode, escape, local_time, timestamp

LogFormat: TypeAlias = Literal["auto", "json", "pretty", "brief"]
ChosenFormat: TypeAlias = Literal["json", "pretty", "brief"]

_COLOURS = {"DEBUG": "\x1b[2m", "WARNING": "\x1b[33m", "ERROR": "\x1b[31m", "CRITICAL": "\x1b[31m"}
_PLAIN = "\x1b[0m"


def resolve_format(format: LogFormat, stream: TextIO) -> ChosenFormat:
    """Decide what `auto` means for *stream*: pretty on a terminal, else json."""
    if format == "auto":
        return "pretty" if stream.isatty() else "json"
    return format


def wants_colour(stream: TextIO) -> bool:
    """Return whether *stream* is a terminal whose user has not refused colours."""
    return stream.isatty() and not os.environ.get("NO_COLOR")


class JsonFormatter(logging.Formatter):
    """One JSON object a line: ts, level, logger, message, the record's fields, exception."""

    def format(self, record: logging.LogRecord) -> str:
        entry = _entry(self, record)
        try:
            return encode(entry)
        except (TypeError, ValueError, RecursionError):  # NaN, a cycle, a key that is not a string
            return encode({key: _plain(value) for key, value in entry.items()})


def record_facts(record: logging.LogRecord) -> dict[str, Any]:
    """Return *record* as a JSON value: what its JSON line has, with plain values only."""
    return {key: _plain(value) for key, value in _entry(_FORMATTER, record).items()}


def _entry(formatter: logging.Formatter, record: logging.LogRecord) -> dict[str, object]:
    entry: dict[str, object] = {
        "ts": timestamp(record.created),
        "level": record.levelname.lower(),
        "logger": record.name,
        "message": record.getMessage(),
    }
    if trace := _trace(formatter, record):
        entry["exception"] = trace
    for key, value in _fields(record).items():
        entry.setdefault(str(key), value)  # a field must not replace the level
    return entry


_FORMATTER = logging.Formatter()


class PrettyFormatter(logging.Formatter):
    """`12:30:01.250 WARNING nexus.pool: message key=value`, with traces below it."""

    def __init__(self, *, colour: bool, on_terminal: bool = False) -> None:
        """*on_terminal*: warnings and errors keep their lines, such as a piece of source with a
        mark below; further ones are indented, so that none can pass for a record."""
        super().__init__()
        self._colour, self._on_terminal = colour, on_terminal

    def format(self, record: logging.LogRecord) -> str:
        level = f"{record.levelname:<7}"
        if self._colour and record.levelname in _COLOURS:
            level = f"{_COLOURS[record.levelname]}{level}{_PLAIN}"
        keeps_lines = self._on_terminal and record.levelno >= logging.WARNING
        message = record.getMessage()
        first, *more = message.split("\n") if keeps_lines else [message]
        words = [local_time(record.created), level, f"{record.name}:", escape(first)]
        words += [f"{escape(str(key))}={_word(value)}" for key, value in _fields(record).items()]
        below = [*more, *trace_of(self, record)]
        return "\n".join([" ".join(words), *(f"    {escape(line)}" for line in below)])


def fields_of(record: logging.LogRecord) -> dict[object, object]:
    """Return a copy of the record's own data."""
    return dict(_fields(record))


def trace_of(formatter: logging.Formatter, record: logging.LogRecord) -> list[str]:
    """Return the lines of the record's exception and stack."""
    return _trace(formatter, record).splitlines()


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
