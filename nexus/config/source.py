"""The seam between `load` and the sources that hook `nexus_config_sources` adds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol


class Closer(Protocol):
    """Something under way that `close` ends."""

    def close(self) -> None: ...


class ConfigSource(Protocol):
    """One place that settings come from."""

    name: str
    """what `nexus config` shows as where a value came from"""

    def read(self) -> Mapping[str, object]:
        """What it says now: setting name -> raw value, as in the settings file.

        Raises: ValueError (one line, what to put right) or OSError.
        """
        ...

    def watch(self, changed: Callable[[], None]) -> Closer | None:
        """Call *changed*, from any thread, whenever `read` may say something new, until the
        returned closer is closed. None: it does not change while running."""
        ...
