"""Sends a guest's answer before its run ends."""

from __future__ import annotations

from nexus.model import Handler, HttpRequest, HttpResponse
from nexus.plugin_api.guest import Run


def answer_early(request: HttpRequest, handler: Handler, run: Run, response: HttpResponse) -> None:
    """Send *response* now, if anyone can; otherwise the caller returns it when the run ends."""
    if request.sender is not None and run.stopped is None:
        request.sender.open(request, handler, run).answer(response)
