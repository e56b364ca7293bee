"""Language tags (BCP 47), and the locales that Babel has for them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from babel import Locale, UnknownLocaleError, localedata

from nexus.guest.js.intl.choices import Options, Unavailable

DEFAULT: Final = "en-US"
MOST_LOCALES: Final = 64
"""locales whose data a worker keeps; each takes 0.5 MB, and Babel would keep all 1147"""
_TAG: Final = re.compile(
    r"(?P<language>[a-z]{2,3}|[a-z]{5,8})(?:-(?P<script>[a-z]{4}))?"
    r"(?:-(?P<region>[a-z]{2}|[0-9]{3}))?(?P<variants>(?:-(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*)"
    r"(?P<extensions>(?:-[a-wy-z0-9](?:-[a-z0-9]{2,8})+)*)(?:-x(?:-[a-z0-9]{1,8})+)?",
    re.IGNORECASE,
)
ZEROS: Final = {
    "latn": "0",
    "arab": "\u0660",
    "arabext": "\u06f0",
    "beng": "\u09e6",
    "deva": "\u0966",
    "fullwide": "\uff10",
    "guru": "\u0a66",
    "gujr": "\u0ae6",
    "khmr": "\u17e0",
    "knda": "\u0ce6",
    "laoo": "\u0ed0",
    "mlym": "\u0d66",
    "mymr": "\u1040",
    "orya": "\u0b66",
    "tamldec": "\u0be6",
    "telu": "\u0c66",
    "thai": "\u0e50",
    "tibt": "\u0f20",
}
"""numbering systems, by their digit 0; the other digits follow it"""


class Found(NamedTuple):
    """A locale that a script asked for."""

    tag: str
    locale: Locale
    keywords: dict[str, str]
    """of the Unicode extension, such as `nu` for the numbering system"""


def canonical(tag: str) -> str:
    """Return *tag* with the usual case. Raises: Unavailable if it is not a language tag."""
    found = _TAG.fullmatch(tag)
    if found is None:
        raise Unavailable(f"incorrect locale information provided: {tag!r} is not a language tag")
    parts = [found["language"].lower()]
    if found["script"]:
        parts.append(found["script"].title())
    if found["region"]:
        parts.append(found["region"].upper())
    head = "-".join(parts)
    return head + (found["variants"] + tag[found.end("variants") :]).lower()


def resolve(tags: Sequence[str]) -> Found:
    """Return the first of *tags* that is known, or the default. Raises: Unavailable."""
    for tag in [canonical(tag) for tag in tags]:
        found = _known(tag)
        if found is not None:
            return found
    default = _known(DEFAULT)
    assert default is not None
    return default


def supported(tags: Sequence[str]) -> list[str]:
    """Return those of *tags* that are known. Raises: Unavailable."""
    return [tag for tag in dict.fromkeys(map(canonical, tags)) if _known(tag) is not None]


@lru_cache(maxsize=MOST_LOCALES)
def _known(tag: str) -> Found | None:
    if _known.cache_info().currsize == MOST_LOCALES:
        localedata.clear_caches()
    base, _, extension = tag.partition("-u-")
    words = base.split("-x-")[0].split("-")
    while words:
        try:
            locale = Locale.parse("-".join(words), sep="-")
        except (UnknownLocaleError, ValueError):
            words.pop()
            continue
        return Found("-".join(words), locale, _keywords(extension))
    return None


def _keywords(extension: str) -> dict[str, str]:
    found: dict[str, str] = {}
    key = ""
    for word in re.split(r"-[a-wy-z0-9]-", extension)[0].split("-"):
        if len(word) == 2:
            key = word
            found[key] = ""
        elif key:
            found[key] = f"{found[key]}-{word}".strip("-")
    return found


def numbering_system(found: Found, options: Options) -> str:
    """Return the numbering system of *found*, or the one that *options* ask for.

    Raises: Unavailable if its digits are not known.
    """
    system = options.get("numberingSystem") or found.keywords.get("nu")
    system = system or str(found.locale.default_numbering_system)
    if system not in ZEROS:
        raise Unavailable(f"the numbering system is {system!r}; allowed: {', '.join(ZEROS)}")
    return str(system)


def in_digits(text: str, system: str) -> str:
    """Return *text* with its digits in another numbering system."""
    if system == "latn":
        return text
    zero = ord(ZEROS[system])
    return text.translate({ord("0") + n: chr(zero + n) for n in range(10)})
