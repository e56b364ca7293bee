"""An answer to a guest's question, as a program gives it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from nexus.errors import InvalidArgument
from nexus.model import ExtensionAnswer


def read_answer(result: Mapping[str, Any]) -> ExtensionAnswer:
    """Return *result*, a program's answer to a question, for the guest.

    Raises: InvalidArgument if it has another form, or is not JSON.
    """
    success = result.get("success")
    key = "value" if success is True else "error"
    if not isinstance(success, bool) or not result.keys() <= {"success", key}:
        found = _shortened(json.dumps(result, default=repr))
        raise InvalidArgument(
            f'a result is {{"success": true, "value": ...}} or {{"success": false, "error": '
            f'"..."}}, not {found}'
        )
    if not success and not isinstance(result.get("error"), str):
        raise InvalidArgument(f"error: found {result.get('error')!r}, allowed is a string")
    try:
        return ExtensionAnswer(success, json.dumps(result.get(key), allow_nan=False).encode())
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidArgument(f"the result is not JSON: {error}") from error


def _shortened(text: str) -> str:
    return text if len(text) <= 100 else f"{text[:100]}..."
