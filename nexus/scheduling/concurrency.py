"""Counts the executions of handlers that have a limit of their own, `max_concurrency`."""

from __future__ import annotations

from nexus.errors import ConcurrencyLimit


class Concurrency:
    """Executions, running or waiting, by their handlers' names. Not thread-safe."""

    def __init__(self) -> None:
        self._executions: dict[str, int] = {}

    def __len__(self) -> int:
        """Return how many handlers have executions."""
        return len(self._executions)

    def add(self, handler: str, most: int) -> None:
        """Count one more execution of *handler*, which may have up to *most*.

        Raises: ConcurrencyLimit.
        """
        found = self._executions.get(handler, 0)
        if found >= most:
            raise ConcurrencyLimit(
                f"{found} executions of {handler!r} are under way or waiting; its limit is {most}"
            )
        self._executions[handler] = found + 1

    def remove(self, handler: str) -> None:
        """Count one execution of *handler* less; forget the handler with its last one."""
        left = self._executions[handler] - 1
        if left:
            self._executions[handler] = left
        else:
            del self._executions[handler]
