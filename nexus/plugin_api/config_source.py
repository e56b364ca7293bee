"""The interface of the sources of settings that hook `nexus_config_sources` adds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol


class Closer(Protocol):
    """A running activity that `close` ends."""

    def close(self) -> None: ...


class PartlyWrong(ValueError):
    """Some values of a source cannot be read. The others, *values*, are checked all the same, so
    that one error lists everything wrong."""

    def __init__(self, problems: Sequence[str], values: Mapping[str, object]) -> None:
        super().__init__("\n".join(problems))
        self.values = values


class ConfigSource(Protocol):
    """One place that holds settings."""

    name: str
    """the name that `nexus config` shows for the origin of a value"""

    def read(self) -> Mapping[str, object]:
        """Return the source's settings now: setting name -> raw value, as in the settings file.

        Raises: ValueError if a value is wrong (a line for each, with the cure): the settings stay,
            and at the start this is an error. OSError if the source cannot be reached: its last
            settings stay, and at the start it has no settings.
        """
        ...

    def watch(self, changed: Callable[[], None]) -> Closer | None:
        """Call *changed*, from any thread, whenever `read` may return something new, until the
        returned closer is closed. Return None if the source does not change while running."""
        ...
