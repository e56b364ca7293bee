"""Intl.NumberFormat."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, Final

from babel.numbers import get_currency_precision

from nexus.guest.js.intl.affixes import (
    UNITS,
    affix_parts,
    compact_words,
    currency_symbol,
    named_currency,
    plural_of,
    spaced,
    with_unit,
)
from nexus.guest.js.intl.choices import Mistyped, Options, Part, Unavailable, choose
from nexus.guest.js.intl.digits import digit_options, digit_parts, rounded
from nexus.guest.js.intl.tags import Found, in_digits, numbering_system, resolve

_CODE: Final = re.compile(r"[A-Za-z]{3}")
_FROM_FIVE_DIGITS: Final = frozenset(
    ("be", "bg", "et", "hu", "hy", "ia", "ie", "it", "ka", "lv", "pl", "sl", "sq")
)
_FROM_FIVE_DIGITS_ALSO: Final = frozenset(
    ("es", "es-EA", "es-ES", "es-GQ", "es-IC", "es-PH", "pt-PT")
)
"""languages and locales whose numbers have groups from five digits on (CLDR, minimumGroupingDigits;
Babel leaves it out)"""
_SIGNS: Final = ("auto", "always", "never", "exceptZero", "negative")
_SIZES: Final = ("short", "long")


def new_number_format(tags: list[str], options: Options) -> dict[str, Any]:
    """Return the resolved options. Raises: Unavailable, Mistyped."""
    found = resolve(tags)
    style = choose(options, "style", ["decimal", "percent", "currency", "unit"], "decimal")
    notation = choose(options, "notation", ["standard", "compact"], "standard")
    result = {
        "locale": found.tag,
        "numberingSystem": numbering_system(found, options),
        "style": style,
        **_currency(options, style),
        **_unit(options, style),
        "notation": notation,
    }
    compact = notation == "compact"
    least, most = (0, 0) if style == "percent" else (0, 3)
    if style == "currency":
        least = most = get_currency_precision(result["currency"])
    result |= digit_options(options, 0 if compact else least, most, compact=compact)
    if compact:
        result["compactDisplay"] = choose(options, "compactDisplay", _SIZES, "short")
    result["useGrouping"] = _grouping(options, compact=compact)
    result["signDisplay"] = choose(options, "signDisplay", _SIGNS, "auto")
    return result


def _currency(options: Options, style: str) -> Options:
    code = options.get("currency")
    if code is not None and _CODE.fullmatch(code) is None:
        raise Unavailable(f"currency is {code!r}; allowed: a code of three letters")
    display = choose(options, "currencyDisplay", ["symbol", "code", "name"], "symbol")
    sign = choose(options, "currencySign", ["standard", "accounting"], "standard")
    if style != "currency":
        return {}
    if code is None:
        raise Mistyped("the style 'currency' needs the option currency")
    return {"currency": code.upper(), "currencyDisplay": display, "currencySign": sign}


def _unit(options: Options, style: str) -> Options:
    unit = options.get("unit")
    if unit is not None and any(part not in UNITS for part in unit.split("-per-", 1)):
        raise Unavailable(f"unit is {unit!r}; allowed: {', '.join(UNITS)}, and X-per-Y of these")
    display = choose(options, "unitDisplay", ["short", "long", "narrow"], "short")
    if style != "unit":
        return {}
    if unit is None:
        raise Mistyped("the style 'unit' needs the option unit")
    return {"unit": unit, "unitDisplay": display}


def _grouping(options: Options, *, compact: bool) -> bool | str:
    value = options.get("useGrouping")
    default = "min2" if compact else "auto"
    if value is None or value in ("true", "false"):
        return default
    if isinstance(value, bool):
        return "always" if value else False
    return choose(options, "useGrouping", ["auto", "always", "min2"], default)


def number_parts(found: Options, text: str) -> list[Part]:
    """Return the number that *text* is, as JavaScript writes it, in parts."""
    known = resolve([found["locale"]])
    locale, system = known.locale, found["numberingSystem"]
    symbols = locale.number_symbols.get(system) or locale.number_symbols["latn"]
    value = Decimal(text)
    if found["style"] == "percent" and value.is_finite():
        value = value.scaleb(2)
    key, suffix_type = None, ""
    if value.is_nan():
        number, shown = [Part("nan", symbols.get("nan", "NaN"))], value
    elif value.is_infinite():
        number, shown = [Part("infinity", symbols.get("infinity", "\u221e"))], value
    else:
        if found["notation"] == "compact":
            value, key = _compacted(value, found, known)
            suffix_type = "compact"
        shown = rounded(value, found)
        number = _digits(shown, found, known, symbols)
    pattern = _pattern(found, known, key, shown)
    sign = _sign(shown, found["signDisplay"])
    facts = {}
    if found["style"] == "currency" and found["currencyDisplay"] != "name":
        facts["symbol"] = currency_symbol(found, locale)
    parts = _around(number, pattern, sign, facts, symbols, suffix_type)
    if found["style"] == "unit":
        parts = with_unit(parts, abs(shown), found["unit"], found["unitDisplay"], locale)
    elif found["style"] == "currency" and "symbol" not in facts:
        parts = named_currency(parts, abs(shown), found["currency"], locale)
    return [Part(type_, in_digits(value_, system)) for type_, value_ in parts]


def _digits(value: Decimal, found: Options, known: Found, symbols: dict[str, str]) -> list[Part]:
    pattern = known.locale.decimal_formats[None]
    language = known.tag.split("-")[0]
    from_five = language in _FROM_FIVE_DIGITS or known.tag in _FROM_FIVE_DIGITS_ALSO
    before = {"always": 1, "min2": 2, "auto": 2 if from_five else 1}.get(found["useGrouping"])
    from_digits = pattern.grouping[0] + before if before else 0
    separators = symbols["group"], symbols["decimal"]
    if found["style"] == "currency":
        separators = (
            symbols.get("currencyGroup", separators[0]),
            symbols.get("currencyDecimal", separators[1]),
        )
    least = found["minimumIntegerDigits"]
    return digit_parts(value, pattern.grouping, from_digits, least, separators)


def _pattern(found: Options, known: Found, key: str | None, shown: Decimal) -> Any:
    locale, style = known.locale, found["style"]
    if key is not None:
        sized = _compact_patterns(found, known)
        plural = sized.get(plural_of(shown, locale)) or sized["other"]
        return plural.get(key) or sized["other"][key]
    if style == "percent":
        return locale.percent_formats[None]
    if style == "currency" and found["currencyDisplay"] != "name":
        return locale.currency_formats[found["currencySign"]]
    return locale.decimal_formats[None]


def _compact_patterns(found: Options, known: Found) -> Any:
    size = found["compactDisplay"]
    is_currency = found["style"] == "currency" and found["currencyDisplay"] != "name"
    formats = known.locale.compact_decimal_formats
    if is_currency:
        formats = known.locale.compact_currency_formats
    sized = formats.get(size)
    if sized is None:
        raise Unavailable(f"compactDisplay is {size!r}: {known.tag} has no such form")
    return sized


def _compacted(value: Decimal, found: Options, known: Found) -> tuple[Decimal, str | None]:
    """Return *value* as the multiple of the power that its pattern names, and that power."""
    patterns = _compact_patterns(found, known)["other"]
    magnitude = value.adjusted() if value else 0
    for power in (magnitude, magnitude + 1):
        key = str(10 ** min(power, 14)) if power >= 3 else ""
        pattern = patterns.get(key)
        zeros = pattern.pattern.count("0") if pattern is not None else 0
        if pattern is None or not zeros or pattern.pattern == "0":
            divided, key = value, ""
        else:
            divided = value.scaleb(zeros - 1 - min(power, 14))
        after = rounded(divided, found)
        if not after or after.adjusted() - (divided.adjusted() if divided else 0) <= 0:
            break  # it did not round up to the next power
    return divided, key or None


def _sign(value: Decimal, display: str) -> str:
    is_zero = value.is_zero() or value.is_nan()
    if display == "never" or (display in ("exceptZero", "negative") and is_zero):
        return ""
    if value.is_signed():
        return "-"
    return "+" if display in ("always", "exceptZero") else ""


def _around(
    number: list[Part],
    pattern: Any,
    sign: str,
    facts: Options,
    symbols: dict[str, str],
    suffix_type: str,
) -> list[Part]:
    """Return *number* with the prefix and suffix of *pattern*, whose signs become *sign*."""
    which = 1 if sign else 0
    prefix, suffix = pattern.prefix[which], pattern.suffix[which]
    if sign == "+":
        if "-" not in prefix + suffix:  # an accounting pattern has parentheses
            prefix, suffix = f"+{pattern.prefix[0]}", pattern.suffix[0]
        prefix, suffix = prefix.replace("-", "+"), suffix.replace("-", "+")
    before, after = (affix_parts(affix, facts, symbols) for affix in (prefix, suffix))
    if suffix_type:
        before, after = (compact_words(parts) for parts in (before, after))
    return spaced([*before, *number, *after])
