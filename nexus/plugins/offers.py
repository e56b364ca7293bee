"""What a hook may return: checked at the start, for a line instead of a fault later."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,79}")


def objects(found: object, protocol: type) -> list[Any]:
    """The objects a hook returned, each with what *protocol* asks for.

    Raises: ValueError, with what is wrong.
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
    """The things a hook returned by name. Raises: ValueError, with what is wrong."""
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
    """The factories a hook returned by name. Raises: ValueError, with what is wrong."""
    known = named(found)
    for name, factory in known.items():
        if not callable(factory):
            raise ValueError(f"{name} is {_kind(factory)}, which cannot be called")
    return known


def extensions(found: object, protocol: type) -> dict[str, Any]:
    """The objects a hook returned by name. Raises: ValueError, with what is wrong."""
    known = named(found)
    objects(list(known.values()), protocol)
    return known


def _members(protocol: type) -> Iterator[str]:
    names = (*vars(protocol), *vars(protocol).get("__annotations__", ()))
    return (name for name in names if not name.startswith("_"))


def _kind(thing: object) -> str:
    return f"a {type(thing).__name__}"
