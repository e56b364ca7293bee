"""Finds the pattern of a date and a time for the fields that an option object asks for.

CLDR has a pattern for most sets of fields (a skeleton); the widths of its fields are then adjusted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from babel import Locale

from nexus.guest.js.intl.choices import Options, Unavailable

_TOKEN: Final = re.compile(r"'((?:[^']|'')*)'|(([A-Za-z])\3*)|([^'A-Za-z]+)")
_SIMPLE: Final = re.compile(r"G?y?M{0,4}E?d?")
"""skeletons of dates, without rare widths"""
_LETTERS: Final = {"L": "M", "c": "E", "e": "E", "H": "h", "K": "h", "k": "h"}
"""letters of a pattern, by the letter of the field"""
_WIDTHS: Final[Mapping[str, Mapping[str, str]]] = {
    "era": {"short": "G", "long": "GGGG", "narrow": "GGGGG"},
    "year": {"numeric": "y", "2-digit": "yy"},
    "month": {
        "numeric": "M",
        "2-digit": "MM",
        "short": "MMM",
        "long": "MMMM",
        "narrow": "MMMMM",
    },
    "weekday": {"short": "E", "long": "EEEE", "narrow": "EEEEE"},
    "day": {"numeric": "d", "2-digit": "dd"},
}
_TIMES: Final[Mapping[str, str]] = {"hour": "h", "minute": "m", "second": "s"}
ISO: Final = "iso8601"
"""the calendar whose dates are numbers, the year first, in every locale"""
_CYCLES: Final = {"h11": "K", "h12": "h", "h23": "H", "h24": "k"}


def tokens(pattern: str) -> list[tuple[str, str]]:
    """Return *pattern* as (letters, literal text), one of them empty."""
    found = []
    for quoted, letters, _, text in _TOKEN.findall(pattern):
        literal = text or quoted.replace("''", "'") or ("'" if not letters else "")
        found.append((letters, "" if letters else literal))
    return found


def style_pattern(locale: Locale, options: Options, cycle: str) -> str:
    """Return the pattern for `dateStyle` and `timeStyle`."""
    date, time = options.get("dateStyle"), options.get("timeStyle")
    time_pattern = _in_cycle(str(locale.time_formats[time].pattern), locale, cycle) if time else ""
    if not date:
        return time_pattern
    date_pattern = str(locale.date_formats[date].pattern)
    return _both(locale, date, date_pattern, time_pattern) if time else date_pattern


def fields_pattern(locale: Locale, options: Options, cycle: str) -> str:
    """Return the pattern for fields, such as `year` and `hour`. Raises: Unavailable."""
    date = {
        letters[0]: letters
        for name, widths in _WIDTHS.items()
        if (letters := widths.get(options.get(name, ""))) is not None
    }
    time = {letter: options[name] for name, letter in _TIMES.items() if name in options}
    time_pattern = _time(locale, time, options, cycle)
    together = _weekday_and_time(locale, date, time, cycle)
    if together:
        return together
    date_pattern = _date(locale, date) if date else ""
    if not date_pattern or not time_pattern:
        return date_pattern or time_pattern
    month = date.get("M", "")
    size = {3: "medium", 4: "full" if "E" in date else "long"}.get(len(month), "short")
    return _both(locale, size, date_pattern, time_pattern)


def iso_pattern(locale: Locale, options: Options, cycle: str) -> str:
    """Return the pattern for fields in the calendar `iso8601`. Raises: Unavailable."""
    words = [name for name in ("month", "weekday") if options.get(name) in _WIDTHS["weekday"]]
    words += [name for name in ("dateStyle", "timeStyle") if name in options]
    if words:
        raise Unavailable(
            f"the calendar {ISO!r} has numbers only: it cannot be used with {words[0]}"
        )
    letters = {"year": "y", "month": "MM", "day": "dd"}
    date = "-".join(letter for name, letter in letters.items() if name in options)
    times = {name: value for name, value in options.items() if name not in _WIDTHS}
    time = fields_pattern(locale, times, cycle)
    return _both(locale, "short", date, time) if date and time else date or time


def _weekday_and_time(
    locale: Locale, date: Mapping[str, str], time: Mapping[str, str], cycle: str
) -> str:
    """Return the pattern for a weekday with a time, for which CLDR has skeletons; or nothing."""
    names = "".join(letter for letter in "hms" if letter in time)
    if list(date) != ["E"] or not names:
        return ""
    if cycle not in ("h11", "h12"):
        names = names.replace("h", "H")
    found = locale.datetime_skeletons.get(f"E{names}")
    if found is None:
        return ""
    pattern = _widened(str(found.pattern), {"E": "E"}, date)
    return _spaced(_widths_of_time(pattern, time, cycle), locale)


def joined(locale: Locale, date: str, time: str) -> str:
    """Return the pattern of a short date and a time together."""
    return _both(locale, "short", date, time)


def _spaced(pattern: str, locale: Locale) -> str:
    """Return *pattern* with the space that the locale has before AM and PM; Babel keeps the form
    of the skeletons that is for ASCII."""
    if "\u202fa" in str(locale.time_formats["short"].pattern):
        return pattern.replace(" a", "\u202fa")
    return pattern


def _both(locale: Locale, size: str, date: str, time: str) -> str:
    pattern = str(locale.datetime_formats[size])
    if size in ("full", "long"):  # "at 3 o'clock" instead of a comma
        formats = locale._data.get("datetime_formats_relative") or {}
        pattern = str(formats.get(size) or formats.get("full") or pattern)
    return pattern.replace("{1}", date).replace("{0}", time)


def _date(locale: Locale, asked: Mapping[str, str]) -> str:
    skeletons: Mapping[Any, Any] = locale.datetime_skeletons
    fitting: list[str] = [
        name for name in skeletons if _SIMPLE.fullmatch(name) and set(_fields(name)) == set(asked)
    ]
    if not fitting:
        if len(asked) == 1:  # a field alone
            (letters,) = asked.values()
            return letters.replace("M", "L").replace("E", "c") if len(letters) > 2 else letters
        names = ", ".join(sorted(asked))
        raise Unavailable(f"{locale} has no pattern for these fields of a date: {names}")
    best = min(fitting, key=lambda name: _distance(_fields(name), asked))
    return _widened(str(skeletons[best].pattern), _fields(best), asked)


def _fields(skeleton: str) -> dict[str, str]:
    return {_LETTERS.get(name[0], name[0]): name for name, _ in tokens(skeleton)}


def _distance(fields: Mapping[str, str], asked: Mapping[str, str]) -> int:
    total = 0
    for letter, wanted in asked.items():
        has, wants = len(fields[letter]), len(wanted)
        if letter in "MQ" and (has > 2) != (wants > 2):
            total += 100
        total += abs(has - wants)
    return total


def _widened(pattern: str, fields: Mapping[str, str], asked: Mapping[str, str]) -> str:
    """Return *pattern* with the widths that are asked for; it suits those of *fields*."""
    found = ""
    for letters, text in tokens(pattern):
        letter = _LETTERS.get(letters[:1], letters[:1])
        wanted = asked.get(letter)
        if not letters:
            found += quoted(text)
        elif wanted is None or len(wanted) == len(fields[letter]) or _differ(letters, wanted):
            found += letters
        else:
            found += letters[0] * len(wanted)
    return found


def _differ(letters: str, wanted: str) -> bool:
    """Return whether one is a number and the other a word."""
    return letters[0] in "ML" and (len(letters) > 2) != (len(wanted) > 2)


def quoted(text: str) -> str:
    """Return *text* as it stands in a pattern."""
    if re.search(r"[A-Za-z']", text) is None:
        return text
    return "'" + text.replace("'", "''") + "'"


def _time(locale: Locale, asked: Mapping[str, str], options: Options, cycle: str) -> str:
    zone, digits = options.get("timeZoneName"), options.get("fractionalSecondDigits")
    pattern = ""
    if asked:
        twelve = cycle in ("h11", "h12")
        names = "".join(letter for letter in "hms" if letter in asked)
        skeleton = names.replace("h", "h" if twelve else "H")
        if options.get("dayPeriod") and "h" in asked and twelve:
            skeleton = "B" + skeleton
        found = locale.datetime_skeletons.get(skeleton)
        if found is None and len(names) > 1:
            raise Unavailable(f"{locale} has no pattern for these fields of a time: {names}")
        pattern = str(found.pattern) if found is not None else names
        pattern = _spaced(_widths_of_time(pattern, asked, cycle), locale)
    if digits:
        symbols = locale.number_symbols
        mark = (symbols.get(locale.default_numbering_system) or symbols["latn"])["decimal"]
        after = f"{mark}{'S' * digits}"
        pattern = re.sub(r"(s+)", rf"\g<1>{after}", pattern) if "s" in asked else "S" * digits
    if zone:
        pattern = f"{pattern} {zone_letters(zone)}".strip()
    if options.get("dayPeriod") and "h" not in asked:
        pattern = f"{pattern} B".strip()
    return pattern


def _widths_of_time(pattern: str, asked: Mapping[str, str], cycle: str) -> str:
    found = ""
    for letters, text in tokens(pattern):
        letter = _LETTERS.get(letters[:1], letters[:1])
        if letter == "h":
            width = 2 if asked["h"] == "2-digit" else len(letters)
            found += _CYCLES[cycle] * width
        else:
            found += letters or quoted(text)
    return found


def zone_letters(name: str) -> str:
    """Return the letters of a pattern for the option `timeZoneName`."""
    letters = {"short": "z", "long": "zzzz", "shortOffset": "O", "longOffset": "OOOO"}
    return letters.get(name) or {"shortGeneric": "v", "longGeneric": "vvvv"}[name]


def default_cycle(locale: Locale) -> str:
    """Return the hour cycle that *locale* prefers."""
    letters = {name[0] for name, _ in tokens(str(locale.time_formats["short"].pattern)) if name}
    return next((cycle for cycle, letter in _CYCLES.items() if letter in letters), "h23")


def _in_cycle(pattern: str, locale: Locale, cycle: str) -> str:
    """Return the pattern of a `timeStyle` in this hour cycle."""
    names = [name[0] for name, _ in tokens(pattern) if name]
    if _CYCLES[cycle] in names:
        return pattern
    fields: dict[str, Any] = {letter: "numeric" for letter in "ms" if letter in names}
    found = _time(locale, {"h": "numeric", **fields}, {}, cycle)
    zones = [name for name, _ in tokens(pattern) if name[:1] in ("z", "v", "O")]
    return " ".join([found, *zones])
