"""The embedding API: run a handler with a JSON context from Python."""

from __future__ import annotations

import time
from typing import Any

from nexus.errors import HandlerNotFound
from nexus.model import Context
from nexus.pool import Execution
from nexus.service import Service


class WasmRuntime:
    """Runs handlers of a started `Service`."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def execute_handler(
        self, handler: str, context: bytes, timeout_ms: int | None = None
    ) -> tuple[Any, Execution]:
        """Run *handler* with the JSON *context* on its stdin; return the JSON value that it wrote
        and what it used.

        Raises: HandlerNotFound, and what `Dispatcher.run` raises.
        """
        found = self._service.catalogue.handlers.get(handler)
        if found is None:
            raise HandlerNotFound(f"no handler {handler!r}")
        dispatcher = self._service.dispatcher
        timeout_s = None if timeout_ms is None else timeout_ms / 1000
        run = dispatcher.new_run(found, time.monotonic(), timeout_s)
        return dispatcher.run(found, Context(context), run), run
