"""Reads untrusted JSON strictly, and limits its depth so that the native stack cannot overflow.

Host functions read and write JSON at the deepest point of a guest's recursion, where 128 KiB of
stack are left; CPython's scanner and encoder take about 150 bytes a level.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, Final, NoReturn

MAX_DEPTH: Final = 100
"""levels of arrays and objects in one JSON text; `parse_json` rejects a deeper text"""

_STRING: Final = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_BRACKETS: Final = bytes.maketrans(b"{}", b"[]")
_OTHERS: Final = bytes(set(range(256)) - set(b"[]{}"))

_encode = json.JSONEncoder(separators=(",", ":"), check_circular=False, allow_nan=False).encode


def parse_json(content: bytes) -> Any:
    """Return the value of a JSON text in UTF-8.

    Raises: ValueError naming the fault and its place.
    """
    if _is_deep(content):
        raise ValueError(f"nested deeper than {MAX_DEPTH}")
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise ValueError(f"not UTF-8 at byte {error.start}") from error
    try:
        return json.loads(text, parse_constant=_refuse_constant, parse_float=finite)
    except json.JSONDecodeError as error:
        raise ValueError(f"{error.msg} at line {error.lineno}, column {error.colno}") from error


def to_json(value: Any) -> bytes:
    """Return *value*, as returned by `parse_json`, as compact JSON in ASCII."""
    return _encode(value).encode()


def _is_deep(content: bytes) -> bool:
    if content.count(b"[") + content.count(b"{") <= MAX_DEPTH:
        return False
    rest = _STRING.sub(b"", content).translate(_BRACKETS, _OTHERS)
    for _ in range(MAX_DEPTH):  # each round removes the innermost level
        rest = rest.replace(b"[]", b"")
    return bool(rest)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name}, which JSON does not have")


def finite(text: str) -> float:
    """Read a JSON number. Raises: ValueError if Python would turn it into infinity."""
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"a number too large: {text[:40]}")
    return number
