"""Finds out who a client of the runtime API is, by its token (RFC 6750 section 2.1)."""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from nexus.errors import Forbidden, Unauthorized
from nexus.model import Handler
from nexus.versions.tokens import Token, Tokens


@dataclass(frozen=True)
class ApiClient:
    """A client that has sent a valid token."""

    name: str
    token: Token | None = None
    """None: the admin token, which may do everything"""

    def check(self, scopes: tuple[str, ...], handler: str) -> None:
        """Check that the client has one of *scopes*; without any, only the admin token will do.
        *handler*: which handler the request is about; empty: none.

        Raises: Forbidden.
        """
        if self.token is None or any(self.token.allows(scope, handler) for scope in scopes):
            return
        named = [
            f"{scope}:{handler}" if handler and scope in ("deploy", "run") else scope
            for scope in scopes
        ]
        needed = " or ".join(named) or "the admin token"
        raise Forbidden(f"the token {self.name!r} may not do this; needed: {needed}")

    def check_deploy(self, handler: Handler, serving: Handler | None) -> None:
        """Check that the client may deploy *handler* in the place of *serving*: a token with a
        scope grants its handler nothing that the serving version has not.

        Raises: Forbidden.
        """
        if self.token is None:
            return
        for key, wanted, held in (
            ("capabilities", handler.capabilities, serving.capabilities if serving else ()),
            ("secrets", handler.secrets, serving.secrets if serving else ()),
            ("http", handler.http, serving.http if serving else ()),
        ):
            more = [entry for entry in wanted if entry not in held]
            if more:
                self._refuse(key, more[0], ", ".join(held) or "nothing")
        route, own = handler.route, f"/{handler.name}"
        inside = route == own or route.startswith(f"{own}/")
        if not inside and (serving is None or serving.route != route):
            self._refuse("route", route, f"{own} and below")

    def _refuse(self, key: str, found: str, allowed: str) -> None:
        raise Forbidden(
            f"manifest: {key}: found {found[:80]}, allowed for the token {self.name!r}: {allowed}; "
            "the admin token may deploy a version that has it"
        )


def client_of(admin: bytes, tokens: Tokens, authorization: str | None) -> ApiClient:
    """Return who sent *authorization*, a request's header. The admin token is compared in constant
    time.

    Raises: Unauthorized; StoreUnavailable if the tokens cannot be read.
    """
    scheme, _, given = (authorization or "").partition(" ")
    if scheme.lower() != "bearer":
        raise Unauthorized("this needs a token: Authorization: Bearer TOKEN")
    # WSGI's strings hold bytes as characters (PEP 3333): latin-1 turns them back into bytes.
    text = given.strip().encode("latin-1", "replace")
    if hmac.compare_digest(text, admin):
        return ApiClient("admin")
    token = tokens.find(text)
    if token is None:
        raise Unauthorized("the token is not known here", 'Bearer error="invalid_token"')
    return ApiClient(token.name, token)
