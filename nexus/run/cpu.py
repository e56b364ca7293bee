"""How the CPU is shared out, as one run sees it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol


class CpuControl(Protocol):
    """Shares the CPU out: one execution's side of it, used by its thread."""

    throttled_s: float
    """wall time spent waiting because of the handler's limit"""

    def start(self, deadline: float) -> bool:
        """Before it begins. False: *deadline* (monotonic seconds) came while it had to wait."""
        ...

    def checkpoint(self, cpu_s: float, deadline: float) -> bool:
        """It has used *cpu_s* of CPU time in all. False as above."""
        ...

    def give_way(self) -> None:
        """The host is going to wait on the guest's behalf."""
        ...

    def end(self, cpu_s: Callable[[], float]) -> None:
        """It is over; *cpu_s* says what it used in all. May be called again."""
        ...
