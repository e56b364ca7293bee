"""CPU sharing, from the point of view of one run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol


class CpuControl(Protocol):
    """One execution's part in sharing the CPU; used by the execution's thread only."""

    throttled_s: float
    """wall time spent waiting because of the handler's limit"""

    def start(self, deadline: float) -> bool:
        """Wait until the execution may begin; return False if *deadline* (monotonic) came first."""
        ...

    def checkpoint(self, cpu_s: float, deadline: float) -> bool:
        """Report *cpu_s*, the CPU time used so far, and wait for a turn; return as `start` does."""
        ...

    def give_way(self) -> None:
        """Let others run: the host is about to block on the guest's behalf."""
        ...

    def go_out(self) -> None:
        """Let others run while the guest waits for the network."""
        ...

    def come_back(self, deadline: float) -> bool:
        """Wait for a turn after such a wait; return as `start` does."""
        ...

    def end(self, cpu_s: Callable[[], float]) -> None:
        """End the execution; *cpu_s* returns its total CPU time. May be called again."""
        ...
