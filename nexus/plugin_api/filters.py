"""What a request filter is."""

from __future__ import annotations

from typing import Any, Protocol

from nexus.model import Handler, HttpResponse, Outcome, Usage


class RequestFilter(Protocol):
    """Sees requests for handlers, and for nothing else, on the request's thread."""

    def begin(self, handler: Handler, environ: dict[str, Any]) -> None:
        """Before admission. May change *environ*: `HTTP_*` and the other meta-variables reach the
        guest.

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
        """The response is known: in reverse order, for each filter whose `begin` returned. May add
        headers. *usage* None: it came to no run."""
        ...
