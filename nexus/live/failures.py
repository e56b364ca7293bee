"""Keeps the last runs that failed, with what the client was not shown."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Collection, Mapping
from typing import Any, Final

from nexus.errors import GuestError, InternalError, NexusError
from nexus.logs import timestamp
from nexus.plugin_api.secrets import conceal

MOST: Final = 200
_MOST_CHARACTERS: Final = 8192


class Failures:
    """The last failed runs of one worker. Thread-safe: a deque's methods are."""

    def __init__(self) -> None:
        self._kept: deque[Mapping[str, Any]] = deque(maxlen=MOST)

    def add(
        self, handler: str, execution_id: str, error: NexusError, secrets: Collection[str] = ()
    ) -> None:
        """Keep *error*, with which a run of *handler* ended, without its *secrets*."""
        stack = error.stack if isinstance(error, GuestError) else ""
        text = "internal error; the log has it" if isinstance(error, InternalError) else str(error)
        text, stack = conceal(text, secrets), conceal(stack, secrets)
        self._kept.append(
            {
                "ts": timestamp(time.time()),
                "handler": handler,
                "execution_id": execution_id,
                "code": error.code,
                "message": text[:_MOST_CHARACTERS],
                "stack": stack[:_MOST_CHARACTERS],
            }
        )

    def last(self, handler: str | None = None) -> list[Mapping[str, Any]]:
        """Return the failures, of *handler* if one is given, the newest first."""
        found = list(self._kept)[::-1]
        return [entry for entry in found if handler is None or entry["handler"] == handler]
