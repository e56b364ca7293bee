"""Nexus in this process."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import nexus
from nexus_mcp.backend import Ceiling, Offer, Refused, Result


class Embedded:
    """Runs code in this process, with a `WasmRuntime`. See `Backend`."""

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
        self._runtime = nexus.WasmRuntime(
            handlers, text_capabilities=ceiling.capabilities, plugins=True, **given
        )

    def offers(self) -> Sequence[Offer]:
        return [
            Offer(found.name, found.description, found.input_schema)
            for found in self._runtime.handlers.values()
            if found.input_schema is not None
        ]

    def run_text(self, language: str, source: str, context: Mapping[str, Any]) -> Result:
        with _refusals():
            return self._runtime.execute_source(
                source, context, language=language, capabilities=self._capabilities
            ).to_json()

    def run_handler(self, name: str, context: Mapping[str, Any]) -> Result:
        with _refusals():
            return self._runtime.execute_handler(name, context).to_json()

    def answer(self, suspension_id: str, answer: Mapping[str, Any]) -> Result:
        with _refusals():
            return self._runtime.resume_handler(suspension_id, answer).to_json()

    def result(self, execution_id: str, wait_ms: int) -> Result:
        with _refusals():
            return self._runtime.get_execution(execution_id, wait_ms).to_json()

    def close(self) -> None:
        self._runtime.close()


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except nexus.NexusError as error:
        raise Refused(error.code, str(error)) from error
