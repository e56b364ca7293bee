"""Rounds numbers as ECMA-402 does, and writes their digits in groups."""

from __future__ import annotations

from decimal import (
    ROUND_CEILING,
    ROUND_DOWN,
    ROUND_FLOOR,
    ROUND_HALF_DOWN,
    ROUND_HALF_EVEN,
    ROUND_HALF_UP,
    ROUND_UP,
    Context,
    Decimal,
)
from typing import Any, Final

from nexus.guest.js.intl.choices import Options, Part, Unavailable, choose, whole

_WIDE: Final = Context(prec=1000, Emax=10**6, Emin=-(10**6))
_MODES: Final = {
    "ceil": (ROUND_CEILING, ROUND_CEILING),
    "floor": (ROUND_FLOOR, ROUND_FLOOR),
    "expand": (ROUND_UP, ROUND_UP),
    "trunc": (ROUND_DOWN, ROUND_DOWN),
    "halfCeil": (ROUND_HALF_UP, ROUND_HALF_DOWN),
    "halfFloor": (ROUND_HALF_DOWN, ROUND_HALF_UP),
    "halfExpand": (ROUND_HALF_UP, ROUND_HALF_UP),
    "halfTrunc": (ROUND_HALF_DOWN, ROUND_HALF_DOWN),
    "halfEven": (ROUND_HALF_EVEN, ROUND_HALF_EVEN),
}
"""for positive and for negative numbers"""


def digit_options(options: Options, least: int, most: int, *, compact: bool) -> dict[str, Any]:
    """Return the resolved options of digits; *least* and *most* fraction digits are the defaults.

    Raises: Unavailable.
    """
    found: dict[str, Any] = {
        "minimumIntegerDigits": whole(options, "minimumIntegerDigits", 1, 21) or 1
    }
    low = whole(options, "minimumFractionDigits", 0, 100)
    high = whole(options, "maximumFractionDigits", 0, 100)
    low_significant = whole(options, "minimumSignificantDigits", 1, 21)
    high_significant = whole(options, "maximumSignificantDigits", 1, 21)
    if low_significant is not None or high_significant is not None:
        found["minimumSignificantDigits"] = first = low_significant or 1
        found["maximumSignificantDigits"] = last = high_significant or 21
        if first > last:
            raise Unavailable("minimumSignificantDigits is above maximumSignificantDigits")
    elif low is not None or high is not None or not compact:
        if low is None:
            low = min(least, high if high is not None else least)
        if high is None:
            high = max(most, low)
        if low > high:
            raise Unavailable("minimumFractionDigits is above maximumFractionDigits")
        found["minimumFractionDigits"], found["maximumFractionDigits"] = low, high
    else:
        found["minimumFractionDigits"] = found["maximumFractionDigits"] = 0
        found["minimumSignificantDigits"], found["maximumSignificantDigits"] = 1, 2
        found["compactRounding"] = True
    if options.get("roundingIncrement", 1) != 1:
        raise Unavailable(f"roundingIncrement is {options['roundingIncrement']!r}; allowed: 1")
    choose(options, "roundingPriority", ["auto"], "auto")
    found["roundingMode"] = choose(options, "roundingMode", list(_MODES), "halfExpand")
    zeros = ["auto", "stripIfInteger"]
    found["trailingZeroDisplay"] = choose(options, "trailingZeroDisplay", zeros, "auto")
    return found


def rounded(value: Decimal, found: dict[str, Any]) -> Decimal:
    """Return *value* with the digits after the point that it is shown with."""
    mode = _MODES[found["roundingMode"]][value.is_signed()]
    if found.get("compactRounding") and value and value.adjusted() >= 1:
        value = value.quantize(Decimal(1), mode, _WIDE)
    elif "maximumSignificantDigits" in found:
        value = _significant(value, mode, found)
    else:
        value = value.quantize(Decimal(1).scaleb(-found["maximumFractionDigits"]), mode, _WIDE)
        value = _shown(value, found["minimumFractionDigits"])
    if found["trailingZeroDisplay"] == "stripIfInteger" and value == value.to_integral_value():
        return value.quantize(Decimal(1), None, _WIDE)
    return value


def _significant(value: Decimal, mode: str, found: dict[str, Any]) -> Decimal:
    if value:
        exponent = value.adjusted() - found["maximumSignificantDigits"] + 1
        value = value.quantize(Decimal(1).scaleb(exponent), mode, _WIDE)
    least = max(0, found["minimumSignificantDigits"] - 1 - (value.adjusted() if value else 0))
    return _shown(value, least)


def _shown(value: Decimal, least: int) -> Decimal:
    """Return *value* without zeros at its end, but with *least* digits after the point."""
    whole_, _, fraction = f"{value:f}".partition(".")
    fraction = fraction.rstrip("0").ljust(least, "0")
    return Decimal(f"{whole_}.{fraction}" if fraction else whole_)


def digit_parts(
    value: Decimal, groups: tuple[int, int], from_digits: int, least: int, symbols: tuple[str, str]
) -> list[Part]:
    """Return the absolute *value* as parts: *groups* are the sizes of the last group and of those
    before it, which numbers of *from_digits* digits have, or 0; *symbols* the group's and the
    decimal separator."""
    text, _, fraction = f"{abs(value):f}".partition(".")
    text = text.rjust(least, "0")
    last, others = groups
    pieces = [text]
    if from_digits and last and len(text) >= from_digits:
        pieces, rest = [text[-last:]], text[:-last]
        while rest:
            pieces.insert(0, rest[-others:])
            rest = rest[:-others]
    parts = [Part("integer", pieces[0])]
    for piece in pieces[1:]:
        parts += [Part("group", symbols[0]), Part("integer", piece)]
    if fraction:
        parts += [Part("decimal", symbols[1]), Part("fraction", fraction)]
    return parts
