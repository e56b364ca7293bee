"""Verifies a token, and returns its claims or raises the reason against it.

A token cannot choose how it is verified: its `kid` selects one of the operator's keys, each of
which is bound to its algorithms; `jku`, `x5u`, `jwk` and `x5c` are ignored.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import jwt

from nexus.plugin_api.errors import NexusError, PermissionDenied
from nexus_auth_jwt.key_sets import KeySet
from nexus_auth_jwt.keys import VerifyingKey

MOST_BYTES = 8192
"""The longest token; longer ones are refused. By default gunicorn does not accept longer ones."""

_REASONS: Sequence[tuple[type[Exception], str]] = (
    (jwt.ExpiredSignatureError, "it has expired"),
    (jwt.ImmatureSignatureError, "it is not valid yet"),
    (jwt.InvalidIssuerError, "it is from another issuer"),
    (jwt.InvalidAudienceError, "it is for another audience"),
    (jwt.MissingRequiredClaimError, "it lacks a claim that is required here"),
    (jwt.InvalidAlgorithmError, "its algorithm is not that of its key"),
    (jwt.InvalidSignatureError, "its signature is wrong"),
)
"""Maps an error to a fixed text, so that no part of a token is quoted to the client."""


class Refused(Exception):
    """The token is not valid; the message may be shown to the client."""


class Verifier:
    """Verifies the tokens for one route. Thread-safe."""

    def __init__(
        self,
        keys: Sequence[VerifyingKey],
        key_sets: Sequence[KeySet],
        *,
        issuer: Sequence[str] | None,
        audience: Sequence[str] | None,
        required: Sequence[str],
        scopes: Sequence[str],
        leeway_s: int,
    ) -> None:
        self._keys, self._key_sets = tuple(keys), tuple(key_sets)
        self._scopes = frozenset(scopes)
        self._checks: dict[str, Any] = {
            "issuer": list(issuer) if issuer else None,
            "audience": list(audience) if audience else None,
            "leeway": leeway_s,
            "options": {"require": [*required, *(["iss"] if issuer else ())]},
        }

    def claims(self, token: str) -> Mapping[str, Any]:
        """Return the claims of *token*.

        Raises: Refused; PermissionDenied if a scope is missing; Overloaded if there are no keys.
        """
        if len(token) > MOST_BYTES:
            raise Refused("it is too long")
        try:
            claims = self._verified(token)
        except (Refused, NexusError):
            raise
        except Exception as error:  # also RecursionError, OverflowError: the token is hostile
            raise Refused(_reason(error)) from None
        if not self._scopes <= _scopes(claims):
            raise PermissionDenied(f"the token lacks the scope {' '.join(sorted(self._scopes))}")
        return claims

    def _verified(self, token: str) -> Mapping[str, Any]:
        header = jwt.get_unverified_header(token)
        failure: Exception | None = None
        for key in self._candidates(header.get("kid"), header["alg"]):
            try:
                return jwt.decode(token, key.key, algorithms=list(key.algorithms), **self._checks)
            except jwt.InvalidSignatureError as error:
                failure = error  # without a kid, another key may be the one
        raise failure or Refused("no key here is for it")

    def _candidates(self, kid: object, algorithm: object) -> Iterable[VerifyingKey]:
        found = self._known(kid)
        if not found:
            for key_set in self._key_sets:
                key_set.look_again()
            found = self._known(kid)
        fitting = [key for key in found if algorithm in key.algorithms]
        if found and not fitting:
            raise Refused("its algorithm is not that of its key")
        return fitting

    def _known(self, kid: object) -> list[VerifyingKey]:
        every = [*self._keys, *(key for found in self._key_sets for key in found.current())]
        return every if kid is None else [key for key in every if key.kid == kid]


def _reason(error: Exception) -> str:
    return next((words for kind, words in _REASONS if isinstance(error, kind)), "it is malformed")


def _scopes(claims: Mapping[str, Any]) -> set[str]:
    found: set[str] = set()
    for name in ("scope", "scp"):
        value = claims.get(name, ())
        parts = value.split(" ") if isinstance(value, str) else value
        if isinstance(parts, (list, tuple)):
            found |= {part for part in parts if isinstance(part, str)}
    return found
