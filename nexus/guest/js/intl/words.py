"""Intl.PluralRules, RelativeTimeFormat, ListFormat and DisplayNames."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, Final

from babel import Locale

from nexus.guest.js.intl.affixes import filled
from nexus.guest.js.intl.choices import Mistyped, Options, Part, Unavailable, choose
from nexus.guest.js.intl.digits import digit_options, rounded
from nexus.guest.js.intl.numbers import new_number_format, number_parts
from nexus.guest.js.intl.tags import canonical, numbering_system, resolve

_STYLES: Final = ("long", "short", "narrow")
_UNITS: Final = ("second", "minute", "hour", "day", "week", "month", "quarter", "year")
_ORDER: Final = ("zero", "one", "two", "few", "many", "other")
_NAMES: Final = {
    "language": r"[a-z]{2,8}(-[a-z0-9]{2,8})*",
    "region": r"[a-z]{2}|[0-9]{3}",
    "script": r"[a-z]{4}",
    "currency": r"[a-z]{3}",
}


def new_plural_rules(tags: list[str], options: Options) -> dict[str, Any]:
    """Return the resolved options. Raises: Unavailable."""
    found = resolve(tags)
    type_ = choose(options, "type", ["cardinal", "ordinal"], "cardinal")
    rule = _rule(found.locale, type_)
    return {
        "locale": found.tag,
        "type": type_,
        **digit_options(options, 0, 3, compact=False),
        "pluralCategories": [name for name in _ORDER if name in {*rule.tags, "other"}],
    }


def plural(found: Options, text: str) -> str:
    """Return the plural category of the number that *text* is."""
    value = Decimal(text)
    if not value.is_finite():
        return "other"
    return str(_rule(resolve([found["locale"]]).locale, found["type"])(abs(rounded(value, found))))


def _rule(locale: Locale, type_: str) -> Any:
    return locale.plural_form if type_ == "cardinal" else locale.ordinal_form


def new_relative_time(tags: list[str], options: Options) -> dict[str, Any]:
    """Return the resolved options. Raises: Unavailable."""
    found = resolve(tags)
    return {
        "locale": found.tag,
        "style": choose(options, "style", _STYLES, "long"),
        "numeric": choose(options, "numeric", ["always", "auto"], "always"),
        "numberingSystem": numbering_system(found, options),
    }


def relative_parts(found: Options, text: str, unit: str) -> list[tuple[str, str, str]]:
    """Return the time *text* in *unit*s from now in parts of (type, value, unit).

    Raises: Unavailable.
    """
    name = unit.removesuffix("s")
    if name not in _UNITS:
        raise Unavailable(f"unit is {unit!r}; allowed: {', '.join(_UNITS)}")
    value = Decimal(text)
    if not value.is_finite():
        raise Unavailable(f"the value is {text}; allowed: a finite number")
    locale = resolve([found["locale"]]).locale
    style = "" if found["style"] == "long" else f"-{found['style']}"
    data = locale._data["date_fields"][name + style]
    if found["numeric"] == "auto" and value == value.to_integral_value():
        word = data.get("relative", {}).get(int(value))
        if word is not None:
            return [("literal", word, "")]
    system = {"numberingSystem": found["numberingSystem"]}
    parts = number_parts(new_number_format([found["locale"]], system), f"{abs(value):f}")
    patterns = data["past" if value.is_signed() else "future"]
    pattern = patterns.get(locale.plural_form(abs(value))) or patterns["other"]
    whole = filled(pattern, [parts, []])
    return [(p.type, p.value, "" if p.type == "literal" else name) for p in whole]


def new_list_format(tags: list[str], options: Options) -> dict[str, Any]:
    """Return the resolved options. Raises: Unavailable."""
    types = ["conjunction", "disjunction", "unit"]
    return {
        "locale": resolve(tags).tag,
        "type": choose(options, "type", types, "conjunction"),
        "style": choose(options, "style", _STYLES, "long"),
    }


def list_parts(found: Options, items: list[str]) -> list[Part]:
    """Return *items* as a list in parts."""
    locale = resolve([found["locale"]]).locale
    kind = {"conjunction": "standard", "disjunction": "or", "unit": "unit"}[found["type"]]
    patterns = _list_patterns(locale, kind, found["style"])
    elements = [[Part("element", item)] for item in items]
    if len(items) < 2:
        return elements[0] if elements else []
    last = _before_vowel(locale, kind, items[-1])
    if len(items) == 2:
        return filled(last(patterns["2"]), elements)
    parts = filled(last(patterns["end"]), elements[-2:])
    for element in elements[-3:0:-1]:
        parts = filled(patterns["middle"], [element, parts])
    return filled(patterns["start"], [elements[0], parts])


def _list_patterns(locale: Locale, kind: str, style: str) -> dict[str, str]:
    """Return the patterns of a list: a style takes what it lacks from the next wider one."""
    data = locale._data["list_patterns"]
    found = dict.fromkeys(("2", "start", "middle", "end"), "{0}, {1}")
    for key in ("" if kind != "or" else "standard", kind, f"{kind}-short", f"{kind}-narrow"):
        if style == "long" and key.startswith(f"{kind}-"):
            break
        found |= data.get(key, {})
        if key.endswith(f"-{style}"):
            break
    return found


def _before_vowel(locale: Locale, kind: str, word: str) -> Any:
    """Return a function that changes a pattern of Spanish before *word*: y -> e, o -> u."""
    is_spanish = locale.language == "es"
    if is_spanish and kind == "standard" and re.match(r"(?i)h?i(?!a|e)|h?\u00ed", word):
        return lambda pattern: pattern.replace(" y ", " e ")
    if is_spanish and kind == "or" and re.match(r"(?i)h?o|8|11(?![0-9])", word):
        return lambda pattern: pattern.replace(" o ", " u ")
    return lambda pattern: pattern


def new_display_names(tags: list[str], options: Options) -> dict[str, Any]:
    """Return the resolved options. Raises: Unavailable, Mistyped."""
    if options.get("type") is None:
        raise Mistyped("DisplayNames needs the option type")
    found = resolve(tags)
    type_ = choose(options, "type", list(_NAMES), "")
    styles = ["long", "short"] if type_ == "currency" else ["long"]
    return {
        "locale": found.tag,
        "style": choose(options, "style", styles, "long"),
        "type": type_,
        "fallback": choose(options, "fallback", ["code", "none"], "code"),
        "languageDisplay": choose(options, "languageDisplay", ["dialect", "standard"], "dialect"),
    }


def display_name(found: Options, code: str) -> str | None:
    """Return the name of *code*, or None without one. Raises: Unavailable."""
    type_ = found["type"]
    if re.fullmatch(_NAMES[type_], code, re.IGNORECASE) is None:
        raise Unavailable(f"{code!r} is not the code of a {type_}")
    locale = resolve([found["locale"]]).locale
    fallback = None
    if type_ == "language":
        code = canonical(code)
        name = _language(locale, code, dialect=found["languageDisplay"] == "dialect")
    elif type_ == "script":
        code = code.title()
        name = locale.scripts.get(code)
    else:
        code = code.upper()
        tables = {"region": locale.territories, "currency": locale.currencies}
        name = tables[type_].get(code)
        if found["style"] == "short":
            name = locale.currency_symbols.get(code, name and code)
    if name is None and found["fallback"] == "code":
        fallback = code
    return str(name) if name is not None else fallback


def _language(locale: Locale, tag: str, *, dialect: bool) -> str | None:
    key = tag.replace("-", "_")
    if dialect and key in locale.languages:
        return str(locale.languages[key])
    language, *others = tag.split("-")
    names = [locale.languages.get(language)]
    if dialect and others and f"{language}_{others[0]}" in locale.languages:
        names = [locale.languages[f"{language}_{others.pop(0)}"]]
    names += [locale.scripts.get(o) if len(o) == 4 else locale.territories.get(o) for o in others]
    if None in names:
        return None
    first, *rest = map(str, names)
    return f"{first} ({', '.join(rest)})" if rest else first
