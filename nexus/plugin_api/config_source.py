"""The seam between `load` and the sources that hook `nexus_config_sources` adds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol


class Closer(Protocol):
    """Something under way that `close` ends."""

    def close(self) -> None: ...


class PartlyWrong(ValueError):
    """Some of what a source says cannot be read; *values* can, and is checked all the same, so that
    everything wrong is said at once."""

    def __init__(self, problems: Sequence[str], values: Mapping[str, object]) -> None:
        super().__init__("\n".join(problems))
        self.values = values


class ConfigSource(Protocol):
    """One place that settings come from."""

    name: str
    """what `nexus config` shows as where a value came from"""

    def read(self) -> Mapping[str, object]:
        """What it says now: setting name -> raw value, as in the settings file.

        Raises: ValueError where something is wrong (a line for each thing, what to put right):
            nothing changes then, and at the start it is an error. OSError where it cannot be
            reached: what it said last stays, and at the start it says nothing.
        """
        ...

    def watch(self, changed: Callable[[], None]) -> Closer | None:
        """Call *changed*, from any thread, whenever `read` may say something new, until the
        returned closer is closed. None: it does not change while running."""
        ...
