"""One run of a guest: its budget, what it used, and why it stopped."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from nexus.errors import CpuLimit, DeadlineExceeded, NexusError
from nexus.model import Deferred, Effects, ExtensionAnswer, Limits, Usage
from nexus.plugin_api.capabilities import NO_CAPABILITIES, Capabilities
from nexus.plugin_api.engine import EngineInstance
from nexus.plugin_api.guest import KeyValue, Outbound
from nexus.run.aside import Aside
from nexus.run.cpu import CpuControl
from nexus.run.slices import FIRST_SLICE, LAST_SLICES, next_slice
from nexus.run.timer import ExecutionTimer

_STOP = -1
"""The return value of a checkpoint that makes the guest run `unreachable`"""


class Lent(Protocol):
    """The instance that a run executes on (`nexus.pool.WasmInstance`)."""

    def memory_used(self) -> int: ...

    def memory_peak(self) -> int: ...

    def written(self) -> list[tuple[int, int]] | None: ...


class ExtensionCaller(Protocol):
    """Answers a run's calls of extensions."""

    def call(
        self, run: Execution, name: str, method: str, arguments: bytes
    ) -> ExtensionAnswer | Deferred | None:
        """Answer one call on the run's thread, like `Run.call_extension`."""
        ...


def no_answer(name: str) -> ExtensionAnswer:
    """Return the error for an unknown extension *name* in a run that cannot be suspended."""
    message = f"no extension {name!r} answers here"
    return ExtensionAnswer(False, json.dumps(message).encode())


class Execution:
    """The `Run` of one request. Its own thread writes to it; the watchdog only sets `cancelled`."""

    __slots__ = (
        "_cpu",
        "_cpu_s",
        "_effects",
        "_granted",
        "_instance",
        "_last_slices",
        "_left_s",
        "_parked_at",
        "_used_cpu_s",
        "aside",
        "before_stop",
        "cancelled",
        "capabilities",
        "deadline",
        "execution_id",
        "extensions",
        "key_value",
        "lent",
        "limits",
        "outbound",
        "slice",
        "stderr",
        "stopped",
        "timeout_s",
        "timer",
        "usage",
    )

    def __init__(
        self,
        execution_id: str,
        limits: Limits,
        deadline: float,
        timeout_s: float | None = None,
        cpu: CpuControl | None = None,
        capabilities: Capabilities = NO_CAPABILITIES,
    ) -> None:
        """*deadline*: monotonic seconds; *timeout_s*: the time until then, where it differs from
        *limits*; *cpu*: controls CPU sharing; *capabilities*: those of the handler."""
        self.execution_id = execution_id
        self.limits = limits
        self.deadline = deadline
        self.timeout_s = limits.timeout_s if timeout_s is None else timeout_s
        self.usage = Usage()
        self.stderr = bytearray()
        self.stopped: NexusError | None = None
        self.before_stop: Callable[[int], bool] | None = None
        self._last_slices = 0
        self.cancelled = False
        self.timer = ExecutionTimer()
        self.slice = FIRST_SLICE
        self.capabilities = capabilities
        self.extensions: ExtensionCaller | None = None
        """answers calls of extensions; None: such calls fail"""
        self.outbound: Outbound | None = None
        self.key_value: KeyValue | None = None
        self.aside: Aside[Any] | None = None
        """its places, while it executes; None: it cannot give them up"""
        self.lent: Lent | None = None
        """the instance that this run executes on now"""
        self._cpu = cpu
        self._effects: Effects | None = None  # created on demand: few executions have effects
        self._instance: EngineInstance | None = None
        self._granted = 0
        self._cpu_s = 0.0

    def cancel(self) -> None:
        self.cancelled = True

    def wait_for_cpu(self) -> None:
        """Wait while the handler is over its CPU limit.

        Raises: DeadlineExceeded.
        """
        if self._cpu is not None and not self._cpu.start(self.deadline):
            self.cancelled = True
            self.usage.throttled_s = self._cpu.throttled_s
            raise self._late()

    def begin(self, instance: EngineInstance, slice_: int) -> None:
        """Give *instance* its first slice."""
        self._instance = instance
        self.slice = self._granted = slice_
        instance.set_fuel(slice_)

    def end(self) -> None:
        """Count the fuel used of the last slice."""
        if self._instance is not None:
            self.usage.instructions += self._granted - self._instance.fuel()
            self._instance = None
        if self._cpu is not None:
            self._cpu.end(self.timer.cpu_s)
            self.usage.throttled_s = self._cpu.throttled_s

    @property
    def effects(self) -> Effects:
        """The effects that the guest has asked for so far."""
        if self._effects is None:
            self._effects = Effects()
        return self._effects

    def call_extension(
        self, name: str, method: str, arguments: bytes
    ) -> ExtensionAnswer | Deferred | None:
        if self.stopped is not None:
            return None
        if self.extensions is None:
            return no_answer(name)
        return self.extensions.call(self, name, method, arguments)

    def written(self) -> list[tuple[int, int]] | None:
        """Return where the guest's memory may differ from its snapshot; see `Run.written`."""
        return self.lent.written() if self.lent is not None else None

    def park(self) -> None:
        """Stop the clock: others have the CPU until `go_on`."""
        self.give_way()
        self._parked_at = time.monotonic()
        self._left_s = self.deadline - self._parked_at
        self._used_cpu_s = self.timer.cpu_s()

    def go_on(self) -> None:
        """Start the clock again, on the calling thread, and move the deadline by the pause. If
        the run had to stay parked, call this again: the time in between does not count either.
        """
        now = time.monotonic()
        self.timer.leave_out(now - self._parked_at)
        self._parked_at = now
        self.deadline = now + self._left_s
        self.timer.move_here(self._used_cpu_s)

    @contextmanager
    def uncounted(self) -> Iterator[None]:
        """Count the time of a `with` block neither towards the deadline nor as CPU time."""
        began, used_s = time.monotonic(), self.timer.cpu_s()
        try:
            yield
        finally:
            self.deadline += time.monotonic() - began
            self.timer.move_here(used_s)

    @contextmanager
    def outside(self) -> Iterator[None]:
        """Leave the CPU and both places to others for a `with` block that waits for the network;
        afterwards wait for a turn at the CPU, until the deadline at the latest."""
        aside, cpu = self.aside, self._cpu
        if self.outbound is not None:
            self.outbound.send_now()
        if cpu is not None:
            cpu.go_out()
        if aside is not None:
            aside.give_up()
        try:
            yield
        finally:
            if cpu is not None:
                cpu.come_back(self.deadline)
            if aside is not None:
                aside.take_back()

    def give_way(self) -> None:
        """Let others have the CPU: the host is about to block on the guest's behalf."""
        if self.outbound is not None:
            self.outbound.send_now()
        if self._cpu is not None:
            self._cpu.give_way()

    def stop(self, reason: NexusError) -> None:
        if self.stopped is None:
            self.stopped = reason
        if self._instance is not None:
            self.usage.instructions += self._granted - self._instance.fuel()
            self._granted = _STOP
            self._instance.set_fuel(_STOP)

    def checkpoint(self, fuel: int) -> int:
        """Refill the slice, or end the guest. Injected code calls this with the fuel it has left
        (below zero)."""
        self.usage.instructions += self._granted - fuel
        if self.stopped is None:
            cpu_s = self.timer.cpu_s()
            if self._granted == self.slice:
                self.slice = next_slice(self.slice, cpu_s - self._cpu_s)
            self._cpu_s = cpu_s
            self.stopped = self._why_not_on(cpu_s)
        if self.stopped is not None:
            return self._last_slice()
        if self.outbound is not None:
            self.outbound.at_checkpoint()
        self._granted = self.slice
        return self.slice

    def _last_slice(self) -> int:
        """Return another slice for the guest to report where it was, or end it."""
        count, before_stop = self._last_slices, self.before_stop
        self._last_slices = count + 1
        goes_on = before_stop is not None and count < LAST_SLICES and before_stop(count)
        self._granted = self.slice if goes_on else 0
        return self.slice if goes_on else _STOP

    def _why_not_on(self, cpu_s: float) -> NexusError | None:
        """Wait for the next turn; return the reason to stop if this run's time is over."""
        in_time = self._cpu is None or self._cpu.checkpoint(cpu_s, self.deadline)
        # Check the clock too: among many busy threads the watchdog may get the GIL a little late.
        if self.cancelled or not in_time or time.monotonic() >= self.deadline:
            self.cancelled = True
            return self._late()
        if cpu_s > self.limits.cpu_timeout_s:
            return CpuLimit(f"used more than {self.limits.cpu_timeout_s:g} s of CPU")
        return None

    def check_time(self) -> bool:
        """Stop the run if its deadline is over; return whether it may continue."""
        if self.cancelled or time.monotonic() >= self.deadline:
            self.cancelled = True
            self.stop(self._late())
        return self.stopped is None

    def _late(self) -> DeadlineExceeded:
        return DeadlineExceeded(f"not finished within its deadline ({self.timeout_s:g} s)")
