"""Tokens with scopes, for clients that may do less than the operator; kept as hashes."""

from __future__ import annotations

import hashlib
import re
import secrets
import time
from typing import Final

from pydantic import BaseModel, ConfigDict, ValidationError

from nexus.errors import InvalidArgument, StoreUnavailable
from nexus.handlers.names import is_name
from nexus.versions.store import VersionStore

KEY: Final = "tokens"
"""of the record with all of them"""
ALLOWED: Final = "read, text, deploy:NAME, run:NAME; NAME may be * for all"
_PREFIX: Final = "nexus_"
_BYTES: Final = 32
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}")
PLAIN: Final = ("read", "text")
"""Scopes that name no handler"""
_NAMED: Final = ("deploy", "run")
_TRIES: Final = 10


class Token(BaseModel):
    """A token's name, hash and scopes; the token itself is kept nowhere."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str
    sha256: str
    scopes: tuple[str, ...]
    created_at: float

    def allows(self, scope: str, handler: str = "") -> bool:
        """Return whether it has *scope*, which for `deploy` and `run` is about *handler*; an empty
        *handler* asks for any."""
        if scope in PLAIN:
            return scope in self.scopes
        if not handler:
            return any(held.startswith(f"{scope}:") for held in self.scopes)
        return f"{scope}:{handler}" in self.scopes or f"{scope}:*" in self.scopes


class _Tokens(BaseModel):
    tokens: tuple[Token, ...] = ()


def check_scope(scope: str) -> str:
    """Return *scope* if it is one. Raises: InvalidArgument."""
    kind, colon, name = scope.partition(":")
    if scope in PLAIN or (colon and kind in _NAMED and (name == "*" or is_name(name))):
        return scope
    raise InvalidArgument(f"scope: found {scope[:80]!r}, allowed: {ALLOWED}")


class Tokens:
    """The tokens in a store. Thread-safe."""

    def __init__(self, store: VersionStore) -> None:
        self._store = store

    def all(self) -> tuple[Token, ...]:
        """Return all tokens, the oldest first. Raises: StoreUnavailable."""
        return self._read()[0].tokens

    def find(self, text: bytes) -> Token | None:
        """Return the token that *text* is, or None. Raises: StoreUnavailable."""
        digest = hashlib.sha256(text).hexdigest()
        # Hashes are compared, so the time says nothing about a token's text.
        return next((token for token in self.all() if token.sha256 == digest), None)

    def make(self, name: str, scopes: tuple[str, ...]) -> str:
        """Make a token and return its text, which cannot be shown again.

        Raises: InvalidArgument for a name that is taken or no name, and for *scopes*;
            StoreUnavailable.
        """
        if not _NAME.fullmatch(name) or name == "admin":
            raise InvalidArgument(
                f"name: found {name[:80]!r}, allowed: 1 to 64 letters, digits, '_', '.', '@' or "
                "'-', and not admin"
            )
        for scope in scopes:
            check_scope(scope)
        if not scopes:
            raise InvalidArgument(f"scope: nothing found, allowed: {ALLOWED}")
        text = _PREFIX + secrets.token_urlsafe(_BYTES)
        digest = hashlib.sha256(text.encode()).hexdigest()
        made = Token(name=name, sha256=digest, scopes=scopes, created_at=time.time())
        for _ in range(_TRIES):
            found, tag = self._read()
            if any(token.name == name for token in found.tokens):
                raise InvalidArgument(f"name: {name!r} is taken; revoke that token before")
            if self._write(_Tokens(tokens=(*found.tokens, made)), tag):
                return text
        raise StoreUnavailable("too many clients change the tokens at once")

    def revoke(self, name: str) -> None:
        """Delete a token; from now on it is refused.

        Raises: InvalidArgument if there is none of that name; StoreUnavailable.
        """
        for _ in range(_TRIES):
            found, tag = self._read()
            left = tuple(token for token in found.tokens if token.name != name)
            if len(left) == len(found.tokens):
                known = ", ".join(token.name for token in found.tokens) or "no token"
                raise InvalidArgument(f"name: found {name[:80]!r}, allowed: {known}")
            if self._write(_Tokens(tokens=left), tag):
                return
        raise StoreUnavailable("too many clients change the tokens at once")

    def _read(self) -> tuple[_Tokens, str | None]:
        found = self._store.read(KEY)
        if found is None:
            return _Tokens(), None
        try:
            return _Tokens.model_validate_json(found[0]), found[1]
        except ValidationError as error:
            raise StoreUnavailable("the record of tokens in the store is damaged") from error

    def _write(self, tokens: _Tokens, tag: str | None) -> bool:
        return self._store.write(KEY, tokens.model_dump_json().encode(), tag) is not None
