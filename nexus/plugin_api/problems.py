"""Words for a wrong value, short and safe to show."""

from __future__ import annotations

import difflib
import reprlib
from collections.abc import Collection, Iterable, Mapping
from datetime import date, time

from pydantic_core import PydanticCustomError


class _Words(reprlib.Repr):
    """Bounds length and depth (a hostile manifest may nest 30,000 tables), and writes dates and
    times as TOML does, not as Python's types."""

    def repr_date(self, value: date, level: int) -> str:
        return value.isoformat()

    def repr_time(self, value: time, level: int) -> str:
        return value.isoformat()

    repr_datetime = repr_date


_SHORT = _Words()
_SHORT.maxstring = _SHORT.maxlong = _SHORT.maxother = 80
_SHORT.maxlevel = 2

DESCRIBED = "described"
"""Error type for a value that must not be quoted; its context: `found`, a description"""


def shown(value: object) -> str:
    """Return *value* in a form fit for messages: escaped and short."""
    return _SHORT.repr(value)


def described(found: str) -> PydanticCustomError:
    """Return the error for a value that *found* describes."""
    return PydanticCustomError(DESCRIBED, "{found}", {"found": found})


def suggestion(name: str, known: Iterable[str]) -> str:
    """Return a hint: the nearest of *known* to *name*, or all of them if none is near."""
    choices = list(known)
    if near := difflib.get_close_matches(name[:100], choices, n=1):
        return f"did you mean {near[0]}?"
    return f"allowed: {', '.join(choices) or 'no keys at all'}"


def unknown_name(name: str, known: Collection[str], packages: Mapping[str, str]) -> str | None:
    """Return the allowed names, with a hint, if *name* is not one of *known*; else None.

    *packages*: names that packages of ours would add, with the packages' names.
    """
    if name in known:
        return None
    hint = ""
    if name in packages:
        hint = f"; the package {packages[name]} has it"
    elif near := difflib.get_close_matches(name, [*known, *packages], n=1):
        package = packages.get(near[0]) if near[0] not in known else None
        hint = f"; did you mean {near[0]}?" + (f" The package {package} has it" if package else "")
    return f"allowed: {', '.join(sorted(known))}{hint}"
