"""The request filter: rejects clients without a valid token, and passes claims to the guest."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from nexus.plugin_api.errors import Unauthorized
from nexus.plugin_api.values import Handler, HttpResponse, Outcome, Usage
from nexus_auth_jwt.verify import Refused, Verifier

CLAIMS = "HTTP_X_NEXUS_CLAIMS"
"""The meta-variable with the claims as a JSON object. It is named like a header so that JavaScript
sees it, too, as `x-nexus-claims`."""
OURS = (CLAIMS, "REMOTE_USER", "AUTH_TYPE")
_BEARER = re.compile(r"bearer +([A-Za-z0-9._~+/-]+=*)", re.I)  # RFC 6750 section 2.1
_encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode


class Gate:
    """The access rule of one route, and the verifier of its tokens."""

    def __init__(self, access: str, verifier: Verifier) -> None:
        self.access, self.verifier = access, verifier


class JwtFilter:
    """A `RequestFilter`. It decides by a handler's route, which the operator wrote, never by the
    path, which the client writes and a guest may read in another way."""

    def __init__(self, default: Gate, routes: Mapping[str, Gate], realm: str) -> None:
        self._default, self._routes = default, dict(routes)
        self._realm = realm

    def begin(self, handler: Handler, environ: dict[str, Any]) -> None:
        """Check the token, and add its claims to *environ*.

        Raises: Unauthorized, PermissionDenied.
        """
        for name in OURS:
            environ.pop(name, None)  # a client or a proxy may have set it
        gate = self.gate(handler.route)
        if gate.access == "public":
            return
        authorization = environ.get("HTTP_AUTHORIZATION", "").strip()
        if not authorization.lower().startswith("bearer"):
            if gate.access == "optional" and not authorization:
                return
            raise Unauthorized("a bearer token is needed here", f'Bearer realm="{self._realm}"')
        found = _BEARER.fullmatch(authorization)
        try:
            if found is None:
                raise Refused("it is malformed")
            environ.update(_variables(gate.verifier.claims(found[1])))
        except Refused as refused:
            raise Unauthorized(
                f"the token is not valid: {refused}", self._refusal(refused)
            ) from None

    def end(
        self,
        handler: Handler,
        environ: dict[str, Any],
        response: HttpResponse,
        outcome: Outcome,
        usage: Usage | None,
    ) -> None:
        """Do nothing: the response needs no change."""

    def gate(self, route: str) -> Gate:
        """Return the gate of the longest route in the table that equals *route* or is above it."""
        while route:
            if route in self._routes:
                return self._routes[route]
            route = route.rpartition("/")[0]
        return self._routes.get("/", self._default)

    def _refusal(self, refused: Refused) -> str:
        return f'Bearer realm="{self._realm}", error="invalid_token", error_description="{refused}"'


def _variables(claims: Mapping[str, Any]) -> dict[str, str]:
    """Return the guest's variables. Raises: Refused for claims that a variable cannot hold."""
    try:
        found = {CLAIMS: _encode(claims), "AUTH_TYPE": "Bearer"}
    except ValueError:
        raise Refused("its claims are no JSON") from None
    subject = claims.get("sub")
    if subject is not None:
        if not isinstance(subject, str) or not subject.isprintable():
            raise Refused("its subject is no plain text")
        found["REMOTE_USER"] = subject.encode("utf-8", "replace").decode("latin-1")  # like PEP 3333
    return found
