"""The interface of a request filter."""

from __future__ import annotations

from typing import Any, Protocol

from nexus.model import Handler, HttpResponse, Outcome, Usage


class RequestFilter(Protocol):
    """Sees all requests for handlers, and no others, on the request's thread."""

    def begin(self, handler: Handler, environ: dict[str, Any]) -> None:
        """Check a request before admission. May change *environ*: `HTTP_*` and the other
        meta-variables reach the guest.

        Raises: NexusError (Unauthorized, PermissionDenied ...) to refuse the request.
        """
        ...

    def end(
        self,
        handler: Handler,
        environ: dict[str, Any],
        response: HttpResponse,
        outcome: Outcome,
        usage: Usage | None,
    ) -> None:
        """See the response; filters whose `begin` returned are called in reverse order. May add
        headers. *usage* None: nothing was run."""
        ...
