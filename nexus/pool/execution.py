"""One run of a guest: its budget, what it used, and why it stopped."""

from __future__ import annotations

import time

from nexus.errors import CpuLimit, DeadlineExceeded, NexusError
from nexus.model import Limits, Usage
from nexus.protocols import EngineInstance

SLICE = 1 << 20
"""fuel between two checkpoints: about 0.5 ms of a tight loop (DESIGN facts 4 and 5)"""

_STOP = -1
"""what a checkpoint returns to make the guest run `unreachable`"""


class ExecutionTimer:
    """Wall and CPU time of the calling thread since it was made, in seconds."""

    __slots__ = ("_cpu", "_wall")

    def __init__(self) -> None:
        self._wall, self._cpu = time.monotonic(), time.thread_time()

    def wall_s(self) -> float:
        return time.monotonic() - self._wall

    def cpu_s(self) -> float:
        return time.thread_time() - self._cpu


class Execution:
    """The `Run` of one request. Its thread writes it; the watchdog only sets `cancelled`."""

    __slots__ = (
        "_granted",
        "_instance",
        "cancelled",
        "deadline",
        "execution_id",
        "limits",
        "stderr",
        "stopped",
        "timeout_s",
        "timer",
        "usage",
    )

    def __init__(
        self, execution_id: str, limits: Limits, deadline: float, timeout_s: float | None = None
    ) -> None:
        """*deadline*: monotonic seconds; *timeout_s*: how long that is from the start, where it is
        not what *limits* say."""
        self.execution_id = execution_id
        self.limits = limits
        self.deadline = deadline
        self.timeout_s = limits.timeout_s if timeout_s is None else timeout_s
        self.usage = Usage()
        self.stderr = bytearray()
        self.stopped: NexusError | None = None
        self.cancelled = False
        self.timer = ExecutionTimer()
        self._instance: EngineInstance | None = None
        self._granted = 0

    def cancel(self) -> None:
        self.cancelled = True

    def begin(self, instance: EngineInstance) -> None:
        """Give *instance* its first slice."""
        if self._granted:  # its start function ran on this run's budget
            self.usage.instructions += self._granted - instance.fuel()
        self._instance = instance
        self._granted = SLICE
        instance.set_fuel(SLICE)

    def end(self) -> None:
        """Count what was used of the last slice."""
        if self._instance is not None:
            self.usage.instructions += self._granted - self._instance.fuel()
            self._instance = None

    def stop(self, reason: NexusError) -> None:
        if self.stopped is None:
            self.stopped = reason
        if self._instance is not None:
            self.usage.instructions += self._granted - self._instance.fuel()
            self._granted = _STOP
            self._instance.set_fuel(_STOP)

    def checkpoint(self, fuel: int) -> int:
        """Refill the slice, or end the guest. Called by injected code with what is left of its
        fuel (below zero)."""
        self.usage.instructions += self._granted - fuel
        self._granted = SLICE
        if self.stopped is None:
            # The clock too: among many busy threads the watchdog may get the GIL a little late.
            if self.cancelled or time.monotonic() >= self.deadline:
                self.cancelled = True
                limit = self.timeout_s
                self.stopped = DeadlineExceeded(f"not finished within its deadline ({limit:g} s)")
            elif self.timer.cpu_s() > self.limits.cpu_timeout_s:
                limit = self.limits.cpu_timeout_s
                self.stopped = CpuLimit(f"used more than {limit:g} s of CPU")
            else:
                return SLICE
        self._granted = 0
        return _STOP
