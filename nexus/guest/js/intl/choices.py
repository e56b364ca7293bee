"""Reads the options of a constructor, and refuses values that are not allowed or available."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, TypeAlias

Options: TypeAlias = dict[str, Any]
"""The options that a script gave, by name"""


class Part(NamedTuple):
    """A piece of a formatted text, as in the result of `formatToParts`."""

    type: str
    value: str


class Unavailable(Exception):
    """A RangeError for the script."""


class Mistyped(Exception):
    """A TypeError for the script."""


def choose(options: Options, name: str, allowed: Sequence[str], default: str) -> str:
    """Return the option *name*, which must be one of *allowed*.

    Raises: Unavailable.
    """
    value = options.get(name)
    if value is None:
        return default
    if value not in allowed:
        raise Unavailable(f"{name} is {value!r}; allowed: {', '.join(allowed)}")
    return str(value)


def maybe(options: Options, name: str, allowed: Sequence[str]) -> str | None:
    """Return the option *name*, or None if the script gave none. Raises: Unavailable."""
    return choose(options, name, allowed, "") or None


def whole(options: Options, name: str, least: int, most: int) -> int | None:
    """Return the number *name*, from *least* to *most*, or None. Raises: Unavailable."""
    if name not in options:
        return None
    value = options[name]
    if not isinstance(value, (int, float)) or not least <= value <= most:
        raise Unavailable(f"{name} is {value!r}; allowed: {least} to {most}")
    return int(value)
