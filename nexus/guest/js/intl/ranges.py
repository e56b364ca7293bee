"""formatRange of Intl.DateTimeFormat: CLDR's patterns for intervals, whose halves leave out what
both ends share."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from babel import Locale

from nexus.guest.js.intl.choices import Options, Part
from nexus.guest.js.intl.dates import moment_of, pattern_parts
from nexus.guest.js.intl.patterns import ISO, fields_pattern, joined, style_pattern, tokens
from nexus.guest.js.intl.tags import resolve

_LETTERS: Final = {"L": "M", "c": "E", "K": "h", "k": "H"}
_DATE, _TIME = "yMEd", "hHma"
_DAYS: Final = (("y", "year"), ("M", "month"), ("d", "day"))
_RUN: Final = re.compile(r"'[^']*'|([yMLEcd])\1*")
_SHARED, _START, _END = "shared", "startRange", "endRange"


class RangePart(NamedTuple):
    """A piece of a formatted range, as in the result of `formatRangeToParts`."""

    type: str
    value: str
    source: str


def date_range_parts(found: Options, start_ms: float, end_ms: float) -> list[RangePart]:
    """Return the range of two times in parts. Raises: Unavailable."""
    start, end = moment_of(found, start_ms), moment_of(found, end_ms)
    locale = resolve([found["locale"]]).locale
    day = next((name for name, field in _DAYS if getattr(start, field) != getattr(end, field)), "")
    found = {**found, "pattern": _with_date(found, locale, day)}
    whole = pattern_parts(found["pattern"], start, found)
    if whole == pattern_parts(found["pattern"], end, found):
        return [RangePart(type_, value, _SHARED) for type_, value in whole]
    return _merged(_halves(found, locale, start, end, day), start, end, found)


def _asked(pattern: str) -> dict[str, str]:
    """Return the fields of *pattern* as wide as it has them, by letter."""
    shown = [letters for letters, _ in tokens(pattern) if letters]
    return {_LETTERS.get(letters[0], letters[0]): letters for letters in shown}


def _with_date(found: Options, locale: Locale, day: str) -> str:
    """Return the pattern of *found*, with more of the date if days differ that look the same
    without: a time gets a date, a day of some month gets a year. *day*: the letter of the largest
    part of the date that differs."""
    pattern = str(found["pattern"])
    asked = _asked(pattern)
    if day and not set(asked) & set(_DATE):
        numbers = dict.fromkeys(("year", "month", "day"), "numeric")
        return joined(locale, fields_pattern(locale, numbers, "h23"), pattern)
    if day == "y" and "y" not in asked and "M" in asked and not set(asked) - set(_DATE):
        return fields_pattern(locale, {**_fields(found), "year": "numeric"}, "h23")
    return pattern


def _halves(
    found: Options, locale: Locale, start: datetime, end: datetime, day: str
) -> tuple[str, str]:
    """Return the pattern of the start, with what is between, and that of the end."""
    pattern = str(found["pattern"])
    asked = _asked(pattern)
    dates, times = set(asked) & set(_DATE), set(asked) & set(_TIME)
    if found["calendar"] != ISO and not set(asked) - set(_DATE + _TIME):
        if not times:
            if pair := _interval(locale, asked, _DATE, day):
                return pair
        elif not day and (pair := _interval(locale, asked, _TIME, _hours(asked, start, end))):
            if not dates:
                return pair
            before, after = joined(locale, _date_pattern(found, locale), "\0").split("\0")
            return before + pair[0], pair[1] + after
    between = str(locale.interval_formats[None]).replace("{0}", "").replace("{1}", "")
    return f"{pattern}'{between}'", pattern


def _fields(found: Options) -> dict[str, Any]:
    return {name: found[name] for name in ("year", "month", "weekday", "day") if name in found}


def _date_pattern(found: Options, locale: Locale) -> str:
    if "dateStyle" in found:
        return style_pattern(locale, {"dateStyle": found["dateStyle"]}, "h23")
    return fields_pattern(locale, _fields(found), "h23")


def _hours(asked: Options, start: datetime, end: datetime) -> str:
    """Return the letter of the largest part of the day that differs."""
    if start.hour == end.hour:
        return "m"
    if "H" in asked:
        return "H"
    return "h" if start.hour // 12 == end.hour // 12 else "a"


def _interval(locale: Locale, asked: Options, letters: str, largest: str) -> tuple[str, str] | None:
    """Return the locale's pattern for an interval of these fields, or None."""
    formats: Any = locale.interval_formats
    month = str(asked.get("M", "")) if "M" in letters else ""
    for width in (month, month[:3], month[:1]):
        given = {**asked, "M": width} if month else asked
        name = "".join(
            str(given[letter]) if letter == "M" else letter
            for letter in letters
            if letter in given and letter != "a"
        )
        pair: Sequence[str] | None = formats.get(name, {}).get(largest)
        if pair:
            first, second = (_widened(half, asked) for half in pair)
            return first, second
    return None


def _widened(pattern: str, asked: Options) -> str:
    """Return *pattern* with its fields as wide as those that are asked for."""

    def wider(match: re.Match[str]) -> str:
        run = match[0]
        if run[0] == "'":
            return run
        wanted = str(asked.get(_LETTERS.get(run[0], run[0]), run))
        is_text = len(run) > 2 or run[0] in "Ec"
        return wanted if len(wanted) > len(run) and is_text == (len(wanted) > 2) else run

    return _RUN.sub(wider, pattern)


def _merged(
    halves: tuple[str, str], start: datetime, end: datetime, found: Options
) -> list[RangePart]:
    first, second = (
        pattern_parts(half, moment, found)
        for half, moment in zip(halves, (start, end), strict=True)
    )
    repeated = {part.type for part in first} & {part.type for part in second} - {"literal"}
    return [*_told(first, repeated, _START), *_told(second, repeated, _END)]


def _told(parts: Sequence[Part], repeated: set[str], source: str) -> list[RangePart]:
    """Return *parts*; those from the first to the last repeated one are of *source* alone."""
    own = [n for n, part in enumerate(parts) if part.type in repeated]
    least, most = (own[0], own[-1]) if own else (0, -1)
    return [
        RangePart(type_, value, source if least <= n <= most else _SHARED)
        for n, (type_, value) in enumerate(parts)
    ]
