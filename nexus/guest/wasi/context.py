"""The result of a JSON context: the value that a guest wrote to stdout."""

from __future__ import annotations

import json
from typing import NoReturn

from nexus.errors import InvalidResponse
from nexus.guest.excerpt import excerpt
from nexus.guest.json_text import finite
from nexus.model import JsonValue


def parse_value(stdout: bytes | bytearray) -> JsonValue:
    """Return the one JSON value that *stdout* holds.

    Raises: InvalidResponse naming the fault and its place.
    """
    if not stdout.strip():
        raise InvalidResponse("the guest wrote nothing to stdout; it must write one JSON value")
    try:
        value: JsonValue = json.loads(
            stdout.decode("utf-8"), parse_constant=_refuse_constant, parse_float=finite
        )
        return value
    except json.JSONDecodeError as error:
        raise InvalidResponse(
            f"what the guest wrote to stdout is not JSON: {error.msg} at line {error.lineno}, "
            f"column {error.colno}; it begins with {excerpt(stdout)}"
        ) from error
    except UnicodeDecodeError as error:
        raise InvalidResponse(
            f"what the guest wrote to stdout is not UTF-8 at byte {error.start}; "
            f"it begins with {excerpt(stdout)}"
        ) from error
    except RecursionError:
        raise InvalidResponse("the guest's JSON value is nested too deeply") from None
    except ValueError as error:  # more digits than Python converts: sys.get_int_max_str_digits
        raise InvalidResponse(f"the guest's JSON value cannot be read: {error}") from error


def _refuse_constant(name: str) -> NoReturn:
    raise InvalidResponse(f"the guest's JSON value contains {name}, which JSON does not have")
