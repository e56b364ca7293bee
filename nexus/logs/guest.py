"""Turns guests' stderr into log lines."""

from __future__ import annotations

import logging

_GUEST_LINE_CHARACTERS = 4096
_MARKS = {
    "<3>": logging.ERROR,
    "<4>": logging.WARNING,
    "<6>": logging.INFO,
    "<7>": logging.DEBUG,
}
CONTINUES = "<+>"
"""marks a line that belongs to the record of the line above, such as a stack's"""
_GUEST_LINES = 200  # 64 KiB of stderr could be 32,000 lines: a second of logging
_CONTROLS = dict.fromkeys((*range(0x20), *range(0x7F, 0xA0))) | {ord("\t"): " "}


def split_level(line: str) -> tuple[int, str]:
    """Return the level that marks a guest's line (as in sd-daemon(3)), and the line without it.

    `<3>` is an error, `<4>` a warning, `<7>` for debugging; a line without a mark is information.
    """
    level = _MARKS.get(line[:3])
    return (logging.INFO, line) if level is None else (level, line[3:])


def guest_lines(raw: bytes) -> list[str]:
    """Split a guest's stderr into lines that are safe to log.

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


def guest_records(raw: bytes) -> list[tuple[int, str]]:
    """Return a guest's stderr as (level, text), one for each log record.

    A record has several lines if all but the first begin with `CONTINUES`.
    """
    records: list[tuple[int, list[str]]] = []
    for line in guest_lines(raw):
        if records and line.startswith(CONTINUES):
            records[-1][1].append(line[len(CONTINUES) :])
        else:
            level, text = split_level(line)
            records.append((level, [text]))
    return [(level, "\n".join(lines)) for level, lines in records]


def _clip(line: str) -> str:
    if len(line) <= _GUEST_LINE_CHARACTERS:
        return line
    return line[: _GUEST_LINE_CHARACTERS - 1] + "…"
