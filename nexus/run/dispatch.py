"""The data path on one screen: admit, watch, acquire, execute, give back; observed at every stage.

It sees protocols and values only; `nexus.service` joins the concrete parts.
"""

from __future__ import annotations

import copy
import itertools
import secrets
import time
from collections.abc import Callable
from typing import Any, Protocol

from nexus.errors import DeadlineExceeded, InternalError, NexusError
from nexus.model import Handler, Outcome
from nexus.plugin_api.capabilities import NO_CAPABILITIES, capabilities_of
from nexus.plugin_api.fence import on_main_thread
from nexus.plugin_api.guest import Task
from nexus.pool import InstancePool
from nexus.run import Execution, ExtensionCaller
from nexus.run.cpu import CpuControl
from nexus.run.watchdog import Watch

Observer = Callable[[Handler, Execution, "NexusError | None"], None]
"""called once for every run, on its thread, after it ended"""


class Queue(Protocol):
    """What the path needs of admission (`nexus.scheduling.Admission`)."""

    measures: bool

    def enter(
        self,
        handler: str,
        max_concurrency: int,
        deadline: float,
        priority: int,
        task: Task | None,
    ) -> float: ...

    def leave(
        self, handler: str, max_concurrency: int, took: tuple[float, float] | None
    ) -> None: ...


class Deadlines(Protocol):
    """What the path needs of the watchdog (`nexus.run.watchdog.Watchdog`)."""

    def watch(self, run: Execution) -> Watch: ...

    def unwatch(self, watch: Watch) -> None: ...


class Dispatcher:
    """Runs tasks on pooled instances. Thread-safe; a run stays on the calling thread."""

    def __init__(
        self,
        admission: Queue,
        pool: InstancePool,
        watchdog: Deadlines,
        observe: Observer,
        cpu: Callable[[Handler], CpuControl] | None = None,
        extensions: ExtensionCaller | None = None,
    ) -> None:
        """*cpu* makes what shares the CPU out, for each execution; None: nothing does.
        *extensions* answers guests that call one."""
        self._admission, self._pool, self._watchdog = admission, pool, watchdog
        self._observe, self._cpu = observe, cpu
        self._measures = admission.measures
        self._extensions = extensions
        self._prefix = secrets.token_hex(4)
        self._numbers = itertools.count(1)

    def new_run(self, handler: Handler, began: float, timeout_s: float | None = None) -> Execution:
        """Start the clock for one request: its deadline counts from *began* (monotonic seconds).
        *timeout_s* may shorten the handler's own, never lengthen it."""
        allowed = handler.limits.timeout_s
        if timeout_s is not None and timeout_s < allowed:
            allowed = timeout_s
        execution_id = f"{self._prefix}-{next(self._numbers):x}"
        cpu = self._cpu(handler) if self._cpu is not None else None
        tokens = handler.capabilities
        granted = capabilities_of(tokens) if tokens else NO_CAPABILITIES
        run = Execution(execution_id, handler.limits, began + allowed, allowed, cpu, granted)
        if tokens:
            run.extensions = self._extensions
        return run

    def through(
        self, admission: Queue, watchdog: Deadlines, observe: Observer | None = None
    ) -> Dispatcher:
        """The same path with another queue and other deadlines, for one run that hands back what it
        takes there while it is suspended; another *observe* too, where the path is gone in parts.
        """
        other = copy.copy(self)
        other._admission, other._watchdog = admission, watchdog
        if observe is not None:
            other._observe = observe
        return other

    def ended(self, handler: Handler, run: Execution, error: NexusError | None) -> None:
        """Observe a run that has ended, where the path did not."""
        self._observe(handler, run, error)

    def run(self, handler: Handler, task: Task, run: Execution) -> Any:
        """Run *task* to its result.

        Raises: NexusError (AdmissionError, GuestError, InternalError).
        """
        error: NexusError | None = None
        try:
            run.usage.queue_s = self._admission.enter(
                handler.name, handler.max_concurrency, run.deadline, handler.priority, task
            )
            began = time.monotonic() if self._measures else 0.0
            try:
                return self._run_admitted(handler, task, run)
            finally:
                took = None
                if self._measures:
                    took = time.monotonic() - began, run.timer.cpu_s()
                self._admission.leave(handler.name, handler.max_concurrency, took)
        except NexusError as raised:
            error = raised
            raise
        except BaseException as raised:  # an engine's panic is no Exception
            error = InternalError(f"{type(raised).__name__}: {raised}")
            if isinstance(raised, (KeyboardInterrupt, SystemExit)) and on_main_thread():
                raise  # elsewhere it is no signal but some code's own idea
            raise error from raised
        finally:
            usage, timer = run.usage, run.timer
            usage.duration_s, usage.cpu_s = timer.wall_s(), timer.cpu_s()
            self._observe(handler, run, error)

    def _run_admitted(self, handler: Handler, task: Task, run: Execution) -> Any:
        watch = self._watchdog.watch(run)
        try:
            run.wait_for_cpu()
            began = time.monotonic()
            instance = self._pool.acquire(handler, run)
            run.usage.acquired_at = acquired_at = time.monotonic()
            run.usage.acquire_s = acquired_at - began
            clean = False
            try:
                result = instance.execute(handler.compiled, task, handler=handler, run=run)
                clean = True
                return result
            finally:
                if clean:
                    self._pool.release(instance, handler, run)
                else:
                    self._pool.discard(instance)
        finally:
            self._watchdog.unwatch(watch)
            if run.cancelled or isinstance(run.stopped, DeadlineExceeded):
                run.usage.overshoot_s = time.monotonic() - run.deadline


def outcome_of(error: NexusError | None) -> Outcome:
    """The one word for how a run ended."""
    return Outcome.OK if error is None else error.outcome
