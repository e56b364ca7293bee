"""Checks what a hook returned, at the start, so that a mistake gives a clear line."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,79}")


def objects(found: object, protocol: type) -> list[Any]:
    """Return the objects a hook returned, after checking that each implements *protocol*.

    Raises: ValueError, with the mistake.
    """
    if found is None:
        return []
    if isinstance(found, (str, bytes)) or not isinstance(found, Sequence):
        raise ValueError(f"it returned {_kind(found)}, not a list")
    for thing in found:
        if missing := [name for name in _members(protocol) if not hasattr(thing, name)]:
            raise ValueError(f"{_kind(thing)} has no {' and no '.join(missing)}")
    return list(found)


def named(found: object) -> dict[str, Any]:
    """Return the things a hook returned by name. Raises: ValueError, with the mistake."""
    if found is None:
        return {}
    if not isinstance(found, Mapping):
        raise ValueError(f"it returned {_kind(found)}, not a dict by name")
    for name in found:
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise ValueError(
                f"{name!r} is no name: it takes a lower case letter, then letters, digits, - and _"
            )
    return dict(found)


def factories(found: object) -> dict[str, Callable[..., Any]]:
    """Return the factories a hook returned by name. Raises: ValueError, with the mistake."""
    known = named(found)
    for name, factory in known.items():
        if not callable(factory):
            raise ValueError(f"{name} is {_kind(factory)}, which cannot be called")
    return known


def extensions(found: object, protocol: type) -> dict[str, Any]:
    """Return the extensions a hook returned by name. Raises: ValueError, with the mistake."""
    known = named(found)
    objects(list(known.values()), protocol)
    return known


def _members(protocol: type) -> Iterator[str]:
    names = (*vars(protocol), *vars(protocol).get("__annotations__", ()))
    return (name for name in names if not name.startswith("_"))


def _kind(thing: object) -> str:
    return f"a {type(thing).__name__}"
