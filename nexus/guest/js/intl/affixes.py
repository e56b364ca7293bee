"""Adds signs, percent signs, currencies, units and compact words to a formatted number."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal
from typing import Any, Final

from babel import Locale
from babel.numbers import get_currency_name, get_currency_symbol

from nexus.guest.js.intl.choices import Part, Unavailable

_TOKEN: Final = re.compile(r"'([^']*)'|(\u00a4+)|([-+%])|([^'\u00a4%+-]+)")
_PLACE: Final = re.compile(r"\{([01])\}")
_SIGNS: Final = {"-": "minusSign", "+": "plusSign", "%": "percentSign"}
_MARKS: Final = "\u061c\u200e\u200f"
"""characters that set the direction of the text after them"""
_NO_BREAK: Final = "\u00a0"
UNITS: Final = (
    *("acre", "bit", "byte", "celsius", "centimeter", "day", "degree", "fahrenheit"),
    *("fluid-ounce", "foot", "gallon", "gigabit", "gigabyte", "gram", "hectare", "hour", "inch"),
    *("kilobit", "kilobyte", "kilogram", "kilometer", "liter", "megabit", "megabyte", "meter"),
    *("microsecond", "mile", "mile-scandinavian", "milliliter", "millimeter", "millisecond"),
    *("minute", "month", "nanosecond", "ounce", "percent", "petabyte", "pound", "second"),
    *("stone", "terabit", "terabyte", "week", "yard", "year"),
)
"""the units of ECMA-402; two of them may be joined by `-per-`"""


def affix_parts(affix: str, facts: dict[str, Any], symbols: dict[str, str]) -> list[Part]:
    """Return a pattern's prefix or suffix as parts."""
    parts = []
    for quoted, currency, sign, text in _TOKEN.findall(affix):
        if currency:
            parts.append(Part("currency", facts["symbol"]))
        elif sign:
            text = symbols[_SIGNS[sign]]
            marks = text[: len(text) - len(text.lstrip(_MARKS))]
            parts += [Part("literal", marks)] * bool(marks)
            parts.append(Part(_SIGNS[sign], text[len(marks) :]))
        else:
            parts.append(Part("literal", quoted or text))
    return parts


def spaced(parts: list[Part]) -> list[Part]:
    """Return *parts* with a space between a currency that ends in a letter and its number."""
    found: list[Part] = []
    for part in parts:
        before = found[-1] if found else Part("", "")
        after_code = before.type == "currency" and part.type == "integer"
        before_code = part.type == "currency" and before.type in ("integer", "fraction")
        touching = before.value[-1:] if after_code else part.value[:1]
        if (after_code or before_code) and _is_word(touching):
            found.append(Part("literal", _NO_BREAK))
        found.append(part)
    return found


def _is_word(character: str) -> bool:
    return unicodedata.category(character)[0] not in "SZ"


def currency_symbol(found: dict[str, Any], locale: Locale) -> str:
    """Return how a currency is shown, unless by its name."""
    code = found["currency"]
    if found["currencyDisplay"] == "code":
        return str(code)
    return get_currency_symbol(code, locale)


def named_currency(number: list[Part], value: Decimal, code: str, locale: Locale) -> list[Part]:
    """Return *number* with the currency's name, in the form for *value*."""
    patterns = locale._data["currency_unit_patterns"]
    pattern = patterns.get(plural_of(value, locale), patterns["other"])
    name = get_currency_name(code, count=value, locale=locale)
    return filled(pattern, [number, [Part("currency", name)]])


def with_unit(
    number: list[Part], value: Decimal, unit: str, display: str, locale: Locale
) -> list[Part]:
    """Return *number* with *unit*. Raises: Unavailable if the locale has no words for it."""
    plural = plural_of(value, locale)
    patterns = _unit_patterns(unit, display, locale)
    if patterns is not None:
        return _in_unit(number, patterns.get(plural) or patterns["other"])
    first, _, second = unit.partition("-per-")
    whole, per = (_unit_patterns(name, display, locale) for name in (first, second))
    if not second or whole is None or per is None:
        raise Unavailable(f"the locale {locale} has no words for the unit {unit!r}")
    parts = _in_unit(number, whole.get(plural) or whole["other"])
    pattern = per.get("per")
    if pattern is None:
        name = per.get("one", per["other"]).replace("{0}", "").strip()
        rule = locale._data["compound_unit_patterns"]["per"][display]["compound"]
        pattern = rule.replace("{1}", name)
    before, _, after = pattern.partition("{0}")
    return joined([*_words("unit", before), *parts, *_words("unit", after)])


def _unit_patterns(unit: str, display: str, locale: Locale) -> Any:
    found = locale._data["unit_patterns"]
    for name in found:
        if name.partition("-")[2] == unit:
            return found[name].get(display)
    return None


def _in_unit(number: list[Part], pattern: str) -> list[Part]:
    before, _, after = pattern.partition("{0}")
    return [*_words("unit", before), *number, *_words("unit", after)]


def _words(type_: str, text: str) -> list[Part]:
    """Return *text* as a part of this type, with the spaces around it as literals."""
    words = text.strip()
    if not words:
        return [Part("literal", text)] * bool(text)
    before, _, after = text.partition(words)
    pieces = (("literal", before), (type_, words), ("literal", after))
    return [Part(kind, value) for kind, value in pieces if value]


def compact_words(parts: list[Part]) -> list[Part]:
    """Return the affix *parts* of a compact number, whose words are of the type `compact`."""
    found = []
    for part in joined(parts):
        found += _words("compact", part.value) if part.type == "literal" else [part]
    return found


def joined(parts: list[Part]) -> list[Part]:
    """Return *parts* with neighbours of one type, unit or literal, joined."""
    found: list[Part] = []
    for part in parts:
        if found and part.type == found[-1].type and part.type in ("unit", "literal"):
            part = Part(part.type, found.pop().value + part.value)
        found.append(part)
    return found


def plural_of(value: Decimal, locale: Locale) -> str:
    """Return the plural category of a number."""
    return str(locale.plural_form(abs(value))) if value.is_finite() else "other"


def filled(pattern: str, values: list[list[Part]]) -> list[Part]:
    """Return *pattern* with parts in the place of `{0}` and `{1}`."""
    parts, start = [], 0
    for found in _PLACE.finditer(pattern):
        parts += [Part("literal", pattern[start : found.start()])] * (found.start() > start)
        parts += values[int(found[1])]
        start = found.end()
    return parts + [Part("literal", pattern[start:])] * (start < len(pattern))
