"""Splits an execution's JSON context into `state`, `args` and `scope`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from nexus.errors import InvalidArgument
from nexus.guest.json_text import parse_json, to_json
from nexus.plugin_api.capabilities import READ_STATE, Capabilities

_NULL: Final = b"null"


@dataclass(frozen=True)
class ExecutionContext:
    """The JSON context that the caller passed to an execution."""

    whole: Any
    """any JSON value; if it is not an object, the other fields are empty"""
    state: Mapping[str, Any]
    args: bytes = _NULL
    """JSON"""
    scope: bytes = _NULL
    """JSON"""


def read_context(content: bytes) -> ExecutionContext:
    """Split a JSON context into its fields.

    Raises: InvalidArgument.
    """
    try:
        whole = parse_json(content)
    except ValueError as error:
        raise InvalidArgument(f"the context is not JSON: {error}") from error
    if not isinstance(whole, dict):
        return ExecutionContext(whole, {})
    state = whole.get("state", {})
    if not isinstance(state, dict):
        raise InvalidArgument("the context's state must be an object, with the keys as names")
    return ExecutionContext(whole, state, to_json(whole.get("args")), to_json(whole.get("scope")))


def readable(context: ExecutionContext, content: bytes, granted: Capabilities) -> bytes:
    """Return the context that a guest may read, as JSON: without the state that is not *granted*.

    *content* is the JSON from which `read_context` made *context*.
    """
    state = context.state
    kept = {key: value for key, value in state.items() if granted.allows(READ_STATE, key)}
    if len(kept) == len(state):
        return content
    return to_json({**context.whole, "state": kept})
