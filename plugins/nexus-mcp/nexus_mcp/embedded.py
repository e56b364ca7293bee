"""Nexus in this process."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import nexus
from nexus_mcp.backend import Ceiling, Offer, Refused, Result
from nexus_mcp.printed import Printed


class Embedded:
    """Runs code in this process, with a `WasmRuntime`. See `Backend`."""

    shows_printed = True

    def __init__(self, handlers: str | None, ceiling: Ceiling, **settings: object) -> None:
        """Load the folder *handlers*, if any. *settings*: further ones, by name.

        Raises: NexusError for a folder or settings that are wrong; ValueError for an invalid
        capability.
        """
        limits = {"timeout_ms": ceiling.timeout_ms, "memory_limit_mb": ceiling.memory_limit_mb}
        given: dict[str, Any] = {
            name: value for name, value in {**limits, **settings}.items() if value is not None
        }
        self._capabilities = ceiling.capabilities
        self._printed = Printed()
        self._runtime = nexus.WasmRuntime(
            handlers, text_capabilities=ceiling.capabilities, plugins=True, **given
        )

        self._printed.start()

    def offers(self) -> Sequence[Offer]:
        return [
            Offer(found.name, found.description, found.input_schema)
            for found in self._runtime.handlers.values()
            if found.input_schema is not None
        ]

    def run_text(self, language: str, source: str, context: Mapping[str, Any]) -> Result:
        with _refusals():
            found = self._runtime.execute_source(
                source, context, language=language, capabilities=self._capabilities
            )
        return self._whole(found)

    def run_handler(self, name: str, context: Mapping[str, Any]) -> Result:
        with _refusals():
            return self._runtime.execute_handler(name, context).to_json()

    def answer(self, suspension_id: str, answer: Mapping[str, Any]) -> Result:
        with _refusals():
            found = self._runtime.resume_handler(suspension_id, answer)
        return self._whole(found)

    def result(self, execution_id: str, wait_ms: int) -> Result:
        with _refusals():
            found = self._runtime.get_execution(execution_id, wait_ms)
        return self._whole(found)

    def close(self) -> None:
        self._printed.stop()
        self._runtime.close()

    def _whole(self, result: nexus.ExecutionResult) -> Result:
        return {**result.to_json(), "printed": self._printed.take(result.execution_id)}


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except nexus.NexusError as error:
        raise Refused(error.code, str(error)) from error
