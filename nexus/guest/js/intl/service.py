"""Answers the messages of `Intl` in a guest.

A message is {kind, op, tags, options, …}. `new` answers the resolved options, which the guest
sends with each later message; `format` answers the parts of a text. The status is 0, 1 for a
RangeError or 2 for a TypeError, with its message.
"""

from __future__ import annotations

import math
import re
from typing import Any, Final

from nexus.guest.host.framed import split_message
from nexus.guest.js.intl.choices import Mistyped, Unavailable
from nexus.guest.js.intl.dates import date_parts, new_date_format
from nexus.guest.js.intl.numbers import new_number_format, number_parts
from nexus.guest.js.intl.ranges import date_range_parts
from nexus.guest.js.intl.tags import canonical, resolve, supported
from nexus.guest.js.intl.words import (
    display_name,
    list_parts,
    new_display_names,
    new_list_format,
    new_plural_rules,
    new_relative_time,
    plural,
    relative_parts,
)
from nexus.guest.json_text import to_json

_DONE, _RANGE, _TYPE = 0, 1, 2
MAX_BYTES: Final = 64 << 10
"""size of one message"""
_NUMBER: Final = re.compile(r"-?(Infinity|[0-9]{1,400}(\.[0-9]{1,400})?(e[+-]?[0-9]{1,3})?)|NaN")

_NEW: Final[dict[str, Any]] = {
    "number": new_number_format,
    "plural": new_plural_rules,
    "relative": new_relative_time,
    "list": new_list_format,
    "names": new_display_names,
}


def answer(content: memoryview) -> tuple[int, bytes]:
    """Return the status and the text of the answer to a message. Raises: Refused."""
    try:
        if len(content) > MAX_BYTES:
            raise Unavailable(f"a message of Intl has up to {MAX_BYTES} bytes")
        return _DONE, to_json(_answer(split_message(content)[0]))
    except Unavailable as error:
        return _RANGE, str(error).encode("utf-8", "replace")
    except Mistyped as error:
        return _TYPE, str(error).encode("utf-8", "replace")
    except (ArithmeticError, LookupError, TypeError, ValueError, AttributeError) as error:
        # The guest sent what `Intl` never sends, or the locale lacks data that others have.
        return _RANGE, f"Intl cannot do this here: {error}".encode("utf-8", "replace")


def _answer(fields: dict[str, Any]) -> Any:
    kind, op = fields["kind"], fields["op"]
    if kind == "tags":
        tags = [str(tag) for tag in fields["tags"]]
        return list(map(canonical, tags)) if op == "canonical" else supported(tags)
    if op == "new":
        tags, options = [str(tag) for tag in fields["tags"]], dict(fields["options"])
        if kind == "date":
            return new_date_format(tags, options, fields["required"], fields["defaults"])
        if kind == "tag":
            return {"locale": resolve(tags).tag, "keywords": resolve(tags).keywords}
        return _NEW[kind](tags, options)
    return _formatted(kind, dict(fields["found"]), fields["value"], fields)


def _finite(value: Any) -> float:
    if not isinstance(value, (int, float)) or not math.isfinite(value):
        raise Unavailable("the date is not a valid time")
    return value


def _formatted(kind: str, found: dict[str, Any], value: Any, fields: dict[str, Any]) -> Any:
    if kind == "date":
        value = _finite(value)
        if fields["op"] == "range":
            return date_range_parts(found, value, _finite(fields["until"]))
        return date_parts(found, value)
    if kind == "list":
        return list_parts(found, [str(item) for item in value])
    if kind == "names":
        return display_name(found, str(value))
    if _NUMBER.fullmatch(value) is None:
        raise Unavailable(f"{str(value)[:40]!r} is not a number that Intl can format")
    if kind == "plural":
        return plural(found, value)
    if kind == "relative":
        return relative_parts(found, value, str(fields["unit"]))
    return number_parts(found, value)
