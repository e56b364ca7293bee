"""Who may use the runtime API: whoever bears the admin token (RFC 6750 section 2.1)."""

from __future__ import annotations

import hmac

from nexus.errors import Unauthorized


def check_token(token: bytes, authorization: str | None) -> None:
    """Let *authorization*, a request's header, pass if it bears *token*; in constant time.

    Raises: Unauthorized.
    """
    scheme, _, given = (authorization or "").partition(" ")
    if scheme.lower() != "bearer":
        raise Unauthorized("this needs the admin token: Authorization: Bearer TOKEN")
    # WSGI's strings are bytes in disguise (PEP 3333): latin-1 encodes whatever arrives.
    if not hmac.compare_digest(given.strip().encode("latin-1", "replace"), token):
        raise Unauthorized("the admin token is another", 'Bearer error="invalid_token"')
