"""Capabilities: what an operator's manifest grants a handler. Everything else is denied.

A token is a scope, an action and a key, such as `state:read:cart:items` (keys may hold colons), or
a scope and a name: `ext:mail`. `*` in place of the key grants the whole scope.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

AUTHORIZATION: Final = "http:authorization"
"""lets the guest see the Authorization header"""

READ_STATE: Final = "state:read"
WRITE_STATE: Final = "state:write"
EMIT: Final = "events:emit"
UPDATE_VIEW: Final = "view:update"
EXTENSION: Final = "ext"

SCOPES: Final = (READ_STATE, WRITE_STATE, EMIT, UPDATE_VIEW, EXTENSION)
ALLOWED: Final = (
    f"{AUTHORIZATION}, {READ_STATE}:KEY, {WRITE_STATE}:KEY, {EMIT}:NAME, {UPDATE_VIEW}:ID, "
    f"{EXTENSION}:NAME, each with * for all"
)

MAX_KEY_BYTES: Final = 512

_ALL: Final = "*"


def check_token(token: str) -> str:
    """Return *token* if it is a capability.

    Raises: ValueError.
    """
    if token != AUTHORIZATION:
        _split(token)
    return token


def check_key(key: str) -> str:
    """Return *key* if it is a valid name of a state key, event, view or extension.

    Raises: ValueError.
    """
    if not key or len(key.encode()) > MAX_KEY_BYTES:  # half a character: ValueError
        raise ValueError(f"a key has 1 to {MAX_KEY_BYTES} bytes")
    if any(character < " " or character == "\x7f" for character in key):
        raise ValueError("a key must not have control characters")
    return key


class Capabilities:
    """The tokens of one handler, ready for look-ups. Immutable."""

    __slots__ = ("_granted",)

    def __init__(self, tokens: Iterable[str] = ()) -> None:
        """Raises: ValueError for a token that is not a capability."""
        granted: dict[str, set[str]] = {}
        for token in tokens:
            if token != AUTHORIZATION:
                scope, key = _split(token)
                granted.setdefault(scope, set()).add(key)
        self._granted = granted

    def allows(self, scope: str, key: str) -> bool:
        """Return whether *key* is granted in *scope*, one of `SCOPES`."""
        keys = self._granted.get(scope)
        return keys is not None and (key in keys or _ALL in keys)


NO_CAPABILITIES: Final = Capabilities()


@lru_cache(maxsize=1024)
def capabilities_of(tokens: tuple[str, ...]) -> Capabilities:
    """Return `Capabilities(tokens)`, the same object for the same tokens."""
    return Capabilities(tokens)


def _split(token: str) -> tuple[str, str]:
    for scope in SCOPES:
        if token.startswith(f"{scope}:"):
            return scope, check_key(token[len(scope) + 1 :])
    raise ValueError("not a capability")
