"""Intl.DateTimeFormat."""

from __future__ import annotations

import re
import zoneinfo
from datetime import datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Any, Final

from babel.dates import DateTimeFormat, get_timezone_gmt, get_timezone_name

from nexus.guest.js.intl.choices import Mistyped, Options, Part, Unavailable, maybe, whole
from nexus.guest.js.intl.patterns import (
    ISO,
    default_cycle,
    fields_pattern,
    iso_pattern,
    style_pattern,
    tokens,
)
from nexus.guest.js.intl.tags import Found, in_digits, numbering_system, resolve

_STYLES: Final = ("full", "long", "medium", "short")
_CYCLES: Final = ("h11", "h12", "h23", "h24")
_ZONES: Final = ("short", "long", "shortOffset", "longOffset", "shortGeneric", "longGeneric")
_NUMBERS: Final = ("numeric", "2-digit")
_WORDS: Final = ("long", "short", "narrow")
_FIELDS: Final = {
    "weekday": _WORDS,
    "era": _WORDS,
    "year": _NUMBERS,
    "month": (*_NUMBERS, *_WORDS),
    "day": _NUMBERS,
    "dayPeriod": _WORDS,
    "hour": _NUMBERS,
    "minute": _NUMBERS,
    "second": _NUMBERS,
}
_DATES: Final = frozenset(("weekday", "year", "month", "day"))
_TIMES: Final = frozenset(("dayPeriod", "hour", "minute", "second", "fractionalSecondDigits"))
_DEFAULTS: Final = {
    "date": ("year", "month", "day"),
    "time": ("hour", "minute", "second"),
    "all": ("year", "month", "day", "hour", "minute", "second"),
}
_OTHER_CALENDARS: Final = {"th": "buddhist", "fa": "persian", "ckb-IR": "persian"}
_TYPES: Final = {
    "G": "era",
    "y": "year",
    "M": "month",
    "L": "month",
    "d": "day",
    "E": "weekday",
    "c": "weekday",
    "a": "dayPeriod",
    "b": "dayPeriod",
    "B": "dayPeriod",
    "h": "hour",
    "H": "hour",
    "K": "hour",
    "k": "hour",
    "m": "minute",
    "s": "second",
    "S": "fractionalSecond",
    "z": "timeZoneName",
    "v": "timeZoneName",
    "O": "timeZoneName",
}
_OFFSET: Final = re.compile(r"([+-])([0-9]{2}):?([0-9]{2})?")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=timezone.utc)


def new_date_format(
    tags: list[str], options: Options, required: str, defaults: str
) -> dict[str, Any]:
    """Return the resolved options. *required*: "date", "time" or "any" of these must be asked for;
    else *defaults* ("date", "time" or "all") are.

    Raises: Unavailable, Mistyped.
    """
    found = resolve(tags)
    calendar = options.get("calendar") or found.keywords.get("ca") or _calendar(found)
    if calendar not in ("gregory", "gregorian", ISO):
        raise Unavailable(f"the calendar is {calendar!r}; allowed: 'gregory', '{ISO}'")
    result: dict[str, Any] = {
        "locale": found.tag,
        "calendar": ISO if calendar == ISO else "gregory",
        "numberingSystem": numbering_system(found, options),
        "timeZone": _zone_name(options.get("timeZone")),
    }
    asked = _asked(options)
    styles = _asked_styles(options, asked, required)
    wanted = {"date": _DATES, "time": _TIMES, "any": _DATES | _TIMES}[required]
    if not styles and not wanted & set(asked):
        asked |= dict.fromkeys(_DEFAULTS[defaults], "numeric")
    cycle = _cycle(found, options)
    if "hour" in asked or "timeStyle" in styles:
        result |= {"hourCycle": cycle, "hour12": cycle in ("h11", "h12")}
    if calendar == ISO:
        result["pattern"] = iso_pattern(found.locale, styles or asked, cycle)
    else:
        make = style_pattern if styles else fields_pattern
        result["pattern"] = make(found.locale, styles or asked, cycle)
    return result | asked | styles


def _asked(options: Options) -> dict[str, Any]:
    """Return the fields that *options* ask for. Raises: Unavailable."""
    found: dict[str, Any] = {
        name: value
        for name, allowed in _FIELDS.items()
        if (value := maybe(options, name, allowed)) is not None
    }
    digits = whole(options, "fractionalSecondDigits", 1, 3)
    zone = maybe(options, "timeZoneName", _ZONES)
    found |= {"fractionalSecondDigits": digits} if digits else {}
    return found | ({"timeZoneName": zone} if zone else {})


def _asked_styles(options: Options, asked: dict[str, Any], required: str) -> dict[str, str]:
    """Return `dateStyle` and `timeStyle`. Raises: Unavailable, Mistyped."""
    styles = {
        name: value
        for name in ("dateStyle", "timeStyle")
        if (value := maybe(options, name, _STYLES)) is not None
    }
    if styles and asked:
        raise Mistyped(f"{next(iter(asked))} cannot be used with {next(iter(styles))}")
    other = {"date": "timeStyle", "time": "dateStyle"}.get(required)
    if other in styles:
        raise Mistyped(f"{other} cannot be used for a {required} alone")
    return styles


def _calendar(found: Found) -> str:
    language, territory = found.locale.language, found.locale.territory
    default = _OTHER_CALENDARS.get(language, "gregory")
    return _OTHER_CALENDARS.get(f"{language}-{territory}", default)


def _cycle(found: Found, options: Options) -> str:
    preferred = default_cycle(found.locale)
    twelve = options.get("hour12")
    if twelve is not None:
        if twelve:
            return "h11" if found.locale.language == "ja" else "h12"
        return "h23"
    asked = maybe(options, "hourCycle", _CYCLES) or found.keywords.get("hc")
    return asked if asked in _CYCLES else preferred


@lru_cache(maxsize=1)
def _zones() -> dict[str, str]:
    return {name.lower(): name for name in zoneinfo.available_timezones()}


def _zone_name(name: str | None) -> str:
    if name is None:
        return "UTC"
    if name.upper() in ("UTC", "GMT", "ETC/UTC", "ETC/GMT"):
        return "UTC"
    offset = _OFFSET.fullmatch(name)
    if offset is not None and int(offset[2]) < 24 and int(offset[3] or 0) < 60:
        return f"{offset[1]}{offset[2]}:{offset[3] or '00'}"
    if name.lower() not in _zones():
        raise Unavailable(f"timeZone is {name!r}, which is not a time zone")
    return _zones()[name.lower()]


@lru_cache(maxsize=64)
def _zone(name: str) -> tzinfo:
    offset = _OFFSET.fullmatch(name)
    if offset is not None:
        minutes = int(offset[2]) * 60 + int(offset[3])
        return timezone(timedelta(minutes=-minutes if offset[1] == "-" else minutes))
    return zoneinfo.ZoneInfo(name)


def date_parts(found: Options, milliseconds: float) -> list[Part]:
    """Return the time that is *milliseconds* after 1970 in parts. Raises: Unavailable."""
    return pattern_parts(found["pattern"], moment_of(found, milliseconds), found)


def moment_of(found: Options, milliseconds: float) -> datetime:
    """Return the time that is *milliseconds* after 1970 in the zone of *found*.

    Raises: Unavailable.
    """
    try:
        return (_EPOCH + timedelta(milliseconds=milliseconds)).astimezone(_zone(found["timeZone"]))
    except OverflowError:
        raise Unavailable("the year is outside of 1 to 9999") from None


def pattern_parts(pattern: str, moment: datetime, found: Options) -> list[Part]:
    """Return *moment* in parts, as *pattern* has them. Raises: Unavailable."""
    locale = resolve([found["locale"]]).locale
    fields = DateTimeFormat(moment, locale)
    parts: list[Part] = []
    for letters, text in tokens(pattern):
        if not letters:
            type_, value = "literal", text
        else:
            type_ = _TYPES[letters[0]]
            value = in_digits(_field(fields, letters, moment, found), found["numberingSystem"])
        if parts and type_ == parts[-1].type == "literal":
            value = parts.pop().value + value
        parts.append(Part(type_, value))
    return parts


def _field(fields: DateTimeFormat, letters: str, moment: datetime, found: Options) -> str:
    letter = letters[0]
    if letter == "S":
        return f"{moment.microsecond // 1000:03}"[: len(letters)]
    if letter in "zvO":
        return _zone_text(letters, moment, fields.locale)
    if letter == "y" and len(letters) == 1:
        return str(moment.year)
    width = found.get("dayPeriod")
    if letter == "B" and width:
        letters = {"short": "B", "long": "BBBB", "narrow": "BBBBB"}[width]
    return str(fields[letters])


def _zone_text(letters: str, moment: datetime, locale: Any) -> str:
    long = len(letters) == 4
    if letters[0] == "O" or isinstance(moment.tzinfo, timezone):
        offset = moment.utcoffset()
        if long:
            return get_timezone_gmt(moment, "long", locale)
        if not offset:
            return str(locale.zone_formats["gmt"] % "")
        minutes = int(abs(offset.total_seconds())) // 60
        sign = "-" if offset < timedelta(0) else "+"
        rest = f":{minutes % 60:02}" if minutes % 60 else ""
        return str(locale.zone_formats["gmt"] % f"{sign}{minutes // 60}{rest}")
    if letters[0] == "v":
        return get_timezone_name(moment.tzinfo, "long" if long else "short", locale=locale)
    if not long and str(moment.tzinfo) == "UTC":
        return "UTC"
    name = get_timezone_name(moment, "long" if long else "short", locale=locale)
    if not long and re.fullmatch(r"GMT[+-][0-9:]+|[+-][0-9:]+", name):
        return _zone_text("O", moment, locale)
    return name
