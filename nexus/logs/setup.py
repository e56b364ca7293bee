"""The destination and the level of log records."""

from __future__ import annotations

import logging
import sys
from typing import TextIO

from nexus.logs.brief import BriefFormatter, concerns_handlers
from nexus.logs.formats import (
    JsonFormatter,
    LogFormat,
    PrettyFormatter,
    resolve_format,
    wants_colour,
)

_HANDLER_NAME = "nexus"
_LEVELS = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}


def configure(level: str, format: LogFormat, stream: TextIO | None = None) -> None:
    """Send all logging to *stream* (default: stdout), replacing an earlier call's handler.

    *level* is debug, info, warning or error. A record's own data goes into
    `extra={"fields": {...}}`.
    """
    stream = sys.stdout if stream is None else stream
    output = logging.StreamHandler(stream)
    output.set_name(_HANDLER_NAME)
    chosen = resolve_format(format, stream)
    if chosen == "json":
        output.setFormatter(JsonFormatter())
    elif chosen == "brief":
        output.setFormatter(BriefFormatter(colour=wants_colour(stream)))
        output.addFilter(concerns_handlers)
    else:
        colour = wants_colour(stream)
        output.setFormatter(PrettyFormatter(colour=colour, on_terminal=stream.isatty()))
    root = logging.getLogger()
    for handler in [found for found in root.handlers if found.get_name() == _HANDLER_NAME]:
        root.removeHandler(handler)
    root.addHandler(output)
    set_level(level)


def set_level(level: str) -> None:
    """Make the root logger pass records of *level* (debug, info, warning, error) and above."""
    logging.getLogger().setLevel(_LEVELS[level])
