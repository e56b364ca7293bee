"""State that the host functions of one guest share during one `perform`."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

from nexus.errors import DeadlineExceeded, InternalError, NexusError
from nexus.guest.host.context import ExecutionContext
from nexus.guest.host.services import Services
from nexus.guest.preview1 import errno
from nexus.guest.preview1.descriptors import Descriptor
from nexus.guest.preview1.errno import Refused
from nexus.guest.preview1.memory import GuestMemory
from nexus.guest.preview1.program import Program
from nexus.model import Effects, Limits, Usage
from nexus.plugin_api.capabilities import NO_CAPABILITIES
from nexus.plugin_api.engine import EngineInstance
from nexus.plugin_api.guest import KeyValue, Outbound, Run


class Watched(Protocol):
    """A stream to a client, who may leave while the guest sleeps."""

    def look(self) -> None:
        """Stop the run if the client has left."""
        ...


class _NoRun:
    """The run between two executions. It is stopped, so that a start function can call nothing."""

    execution_id = ""
    limits: Limits = Limits()
    deadline = 0.0
    capabilities = NO_CAPABILITIES
    outbound: Outbound | None = None
    key_value: KeyValue | None = None

    def __init__(self) -> None:
        self.usage = Usage()
        self.effects = Effects()
        self.stderr = bytearray()
        self.stopped: NexusError | None = InternalError("no task is being performed")
        self.before_stop: Callable[[int], bool] | None = None

    def outside(self) -> AbstractContextManager[None]:
        """Return a block that changes nothing."""
        return nullcontext()

    def give_way(self) -> None:
        """Do nothing; no other thread waits."""

    def call_extension(self, name: str, method: str, arguments: bytes) -> None:
        """Give no answer: this run is stopped."""

    def written(self) -> list[tuple[int, int]] | None:
        """Return None; nothing is known of the memory."""
        return None

    def stop(self, reason: NexusError) -> None:
        """Ignore *reason*: there is nothing to stop."""


class Process:
    """The execution under way: memory, descriptors, program and run.

    Belongs to one thread, which performs one task at a time. `start` sets every field and `finish`
    clears every field, so no request sees traces of an earlier one.
    """

    __slots__ = (
        "_context",
        "_cpu_epoch_ns",
        "_nothing",
        "_services",
        "descriptors",
        "memory",
        "program",
        "run",
        "stream",
    )

    def __init__(self) -> None:
        self.memory = GuestMemory()
        self._nothing = (_NoRun(), Program())
        self.finish()

    def start(
        self,
        instance: EngineInstance,
        run: Run,
        program: Program,
        descriptors: dict[int, Descriptor],
        context: ExecutionContext | None = None,
    ) -> None:
        """Serve *instance* on behalf of *run*, which may have a JSON *context*."""
        self.memory.bind(instance)
        self.run: Run = run
        self.program: Program = program
        self.descriptors = descriptors
        self._cpu_epoch_ns: int | None = None
        self._context = context
        self._services: Services | None = None
        self.stream: Watched | None = None

    def finish(self) -> None:
        """Drop the instance, the run and all else that `start` set."""
        self.memory.bind(None)
        self.run, self.program = self._nothing
        self.descriptors = {}
        self._cpu_epoch_ns = None
        self._context = self._services = self.stream = None

    def services(self) -> Services:
        """Return the host calls beyond WASI, made at their first use."""
        if self._services is None:
            self._services = Services(self.run, self._context)
        return self._services

    def adopt(self, services: Services) -> None:
        """Continue with the *services* that the execution used on another thread."""
        self._services = services

    def descriptor(self, fd: int) -> Descriptor:
        """Return the open descriptor *fd*. Raises: Refused(BADF)."""
        found = self.descriptors.get(fd)
        if found is None:
            raise Refused(errno.BADF)
        return found

    def cpu_ns(self) -> int:
        """Return this thread's CPU time since the guest first asked.

        Counted from the thread's start, it would tell a guest how much time earlier guests used.
        """
        now_ns = time.thread_time_ns()
        if self._cpu_epoch_ns is None:
            self._cpu_epoch_ns = now_ns
        return now_ns - self._cpu_epoch_ns

    def out_of_time(self) -> bool:
        """Return whether a long host call must end now, so that the next checkpoint can act.

        Stops the run at its deadline: the guest might end, or call again, before a checkpoint.
        """
        run = self.run
        if self.stream is not None:
            self.stream.look()
        if run.stopped is None and time.monotonic() >= run.deadline:
            limit = run.limits.timeout_s
            run.stop(DeadlineExceeded(f"not finished within its deadline ({limit:g} s)"))
        return run.stopped is not None
