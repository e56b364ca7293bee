"""Logging: JSON lines or a form for people, the access log, and what guests write.

setup.py     the destination and the level of records
formats.py   a record as a JSON line or as a line for people
brief.py     the form for work on handlers: short, and only what concerns them
access.py    one line for each request
guest.py     what guests write to stderr, as log records
text.py      makes text safe for a log or a terminal
"""

from nexus.logs.access import AccessLog, Request
from nexus.logs.brief import CHANGES, SCHEDULES
from nexus.logs.formats import (
    JsonFormatter,
    LogFormat,
    PrettyFormatter,
    record_facts,
    resolve_format,
)
from nexus.logs.guest import guest_lines, guest_records, split_level
from nexus.logs.setup import configure, set_level
from nexus.logs.text import escape, timestamp

__all__ = [
    "CHANGES",
    "SCHEDULES",
    "AccessLog",
    "JsonFormatter",
    "LogFormat",
    "PrettyFormatter",
    "Request",
    "configure",
    "escape",
    "guest_lines",
    "guest_records",
    "record_facts",
    "resolve_format",
    "set_level",
    "split_level",
    "timestamp",
]
