"""The client of a request, for guests that answer before they end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from nexus.model.handler import Handler
    from nexus.model.tasks import HttpRequest, HttpResponse


class Client(Protocol):
    """One request's client. Only the run's own thread may use it."""

    def answer(self, response: HttpResponse) -> None:
        """Send the whole *response* now, while the run goes on."""
        ...

    def begin(self, response: HttpResponse) -> None:
        """Send the head of *response* now; its body follows with `write`."""
        ...

    def write(self, part: bytes) -> bool:
        """Send *part* of the body now. Return False if the client has left, or is too slow."""
        ...

    def has_left(self) -> bool:
        """Return whether the client of a streamed body has left; send what it can take now."""
        ...


class Sender(Protocol):
    """Reaches clients while their runs go on."""

    def open(self, request: HttpRequest, handler: Handler, run: Any) -> Client:
        """Return the client of *request*, which *run* answers. Call this once for a request."""
        ...
