"""Checks that a client of the runtime API sent the admin token (RFC 6750 section 2.1)."""

from __future__ import annotations

import hmac

from nexus.errors import Unauthorized


def check_token(token: bytes, authorization: str | None) -> None:
    """Check, in constant time, that *authorization*, a request's header, has *token*.

    Raises: Unauthorized.
    """
    scheme, _, given = (authorization or "").partition(" ")
    if scheme.lower() != "bearer":
        raise Unauthorized("this needs the admin token: Authorization: Bearer TOKEN")
    # WSGI's strings hold bytes as characters (PEP 3333): latin-1 turns them back into bytes.
    if not hmac.compare_digest(given.strip().encode("latin-1", "replace"), token):
        raise Unauthorized("the admin token is another", 'Bearer error="invalid_token"')
