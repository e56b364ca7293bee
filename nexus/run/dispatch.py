"""The data path on one screen: admit, watch, acquire, execute, give back, report.

It depends on protocols and values only, except for the run; `nexus.service` joins the concrete
parts.
"""

from __future__ import annotations

import itertools
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from nexus.errors import DeadlineExceeded, GuestError, InternalError, NexusError, on_main_thread
from nexus.model import Compiled, Handler, Outcome, Task
from nexus.plugin_api.capabilities import NO_CAPABILITIES, capabilities_of
from nexus.plugin_api.guest import KeyValue, Outbound
from nexus.plugin_api.secrets import conceal
from nexus.run import Execution, ExtensionCaller
from nexus.run.aside import Aside
from nexus.run.cpu import CpuControl
from nexus.run.watchdog import Watch

R = TypeVar("R")
Lent = TypeVar("Lent", bound="Instance")

Observer = Callable[[Handler, Execution, "NexusError | None"], None]
"""Called once for every run, on the run's thread, after it ended"""

Ended = Callable[["NexusError | None"], None]

Watches = Callable[[Handler, Task[Any], Execution], "Ended | None"]
"""Called when a run begins; returns what to call at its end, or None"""


class Queue(Protocol):
    """The part of admission that the data path uses (`nexus.scheduling.Admission`)."""

    measures: bool

    def enter(
        self,
        handler: str,
        max_concurrency: int,
        deadline: float,
        priority: int,
        task: Task[Any] | None,
    ) -> float: ...

    def leave(
        self, handler: str, max_concurrency: int, took: tuple[float, float] | None
    ) -> None: ...

    def step_aside(self) -> None: ...

    def step_back(self) -> None: ...


class Deadlines(Protocol):
    """The part of the watchdog that the data path uses (`nexus.run.watchdog.Watchdog`)."""

    def watch(self, run: Execution) -> Watch: ...

    def unwatch(self, watch: Watch) -> None: ...


class Instance(Protocol):
    """The part of an instance that the data path uses (`nexus.pool.WasmInstance`)."""

    def execute(
        self, compiled: Compiled, task: Task[R], *, handler: Handler, run: Execution
    ) -> R: ...


class Instances(Protocol[Lent]):
    """The part of the pool that the data path uses (`nexus.pool.InstancePool`)."""

    def acquire(self, handler: Handler, run: Execution) -> Lent: ...

    def release(self, instance: Lent, handler: Handler, run: Execution) -> None: ...

    def discard(self, instance: Lent) -> None: ...

    def step_aside(self, instance: Lent) -> None: ...

    def step_back(self, instance: Lent) -> None: ...


@dataclass(frozen=True)
class Way:
    """The parts that a run passes on its way to an instance, and the observer of its end."""

    queue: Queue
    deadlines: Deadlines
    observe: Observer


class Dispatcher:
    """Runs tasks on pooled instances. Thread-safe; a run stays on the calling thread."""

    def __init__(
        self,
        admission: Queue,
        pool: Instances[Any],
        watchdog: Deadlines,
        observe: Observer,
        cpu: Callable[[Handler], CpuControl] | None = None,
        extensions: ExtensionCaller | None = None,
        outbound: Callable[[Handler, Execution], Outbound] | None = None,
        key_value: Callable[[Handler, Execution], KeyValue] | None = None,
        watches: Watches | None = None,
    ) -> None:
        """*cpu* makes each execution's `CpuControl`; None: CPU time is not controlled.
        *extensions* answers guests that call an extension; *outbound* makes the outbound requests
        of a run whose manifest grants hosts, *key_value* the key-value calls of one whose manifest
        grants namespaces. *watches* shows plugins the runs that no HTTP request begins."""
        self._way, self._pool, self._cpu = Way(admission, watchdog, observe), pool, cpu
        self._measures = admission.measures
        self._extensions, self._outbound = extensions, outbound
        self._key_value, self._watches = key_value, watches
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
        if handler.http and self._outbound is not None:
            run.outbound = self._outbound(handler, run)
        if handler.kv and self._key_value is not None:
            run.key_value = self._key_value(handler, run)
        return run

    def ended(self, handler: Handler, run: Execution, error: NexusError | None) -> None:
        """Report the end of a run that `run` did not end."""
        self._way.observe(handler, run, error)

    def run(self, handler: Handler, task: Task[R], run: Execution, way: Way | None = None) -> R:
        """Run *task* and return its answer. *way* replaces the usual way, for a run that gives its
        place and instance back while it is suspended.

        Raises: NexusError (AdmissionError, GuestError, InternalError).
        """
        if way is None:
            way = self._way
        ended = None if self._watches is None else self._watches(handler, task, run)
        error: NexusError | None = None
        try:
            run.usage.queue_s = way.queue.enter(
                handler.name, handler.max_concurrency, run.deadline, handler.priority, task
            )
            began = time.monotonic() if self._measures else 0.0
            try:
                return self._run_admitted(handler, task, run, way)
            finally:
                took = None
                if self._measures:
                    took = time.monotonic() - began, run.timer.cpu_s()
                way.queue.leave(handler.name, handler.max_concurrency, took)
        except NexusError as raised:
            error = raised
            if handler.secrets:
                _conceal(raised, handler)
            raise
        except BaseException as raised:  # an engine's panic is not an Exception
            error = InternalError(f"{type(raised).__name__}: {raised}")
            if isinstance(raised, (KeyboardInterrupt, SystemExit)) and on_main_thread():
                raise  # signals arrive on this thread only; elsewhere it is code's own
            raise error from raised
        finally:
            if run.outbound is not None:
                run.outbound.close()
                run.aside = None
            usage, timer = run.usage, run.timer
            usage.duration_s, usage.cpu_s = timer.wall_s(), timer.cpu_s()
            way.observe(handler, run, error)
            if ended is not None:
                ended(error)
            error = None  # its traceback has this frame, and so the task: a cycle

    def _run_admitted(self, handler: Handler, task: Task[R], run: Execution, way: Way) -> R:
        watch = way.deadlines.watch(run)
        try:
            run.wait_for_cpu()
            began = time.monotonic()
            instance: Instance = self._pool.acquire(handler, run)
            run.usage.acquired_at = acquired_at = time.monotonic()
            run.usage.acquire_s = acquired_at - began
            clean = False
            if run.outbound is not None:
                run.aside = Aside(way.queue, self._pool, instance)
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
            way.deadlines.unwatch(watch)
            if run.cancelled or isinstance(run.stopped, DeadlineExceeded):
                run.usage.overshoot_s = time.monotonic() - run.deadline


def _conceal(error: NexusError, handler: Handler) -> None:
    """Hide the values of the handler's secrets in *error*, which may quote its guest."""
    values = [handler.env[name] for name in handler.secrets]
    error.args = tuple(
        conceal(part, values) if isinstance(part, str) else part for part in error.args
    )
    if isinstance(error, GuestError):
        error.stack = conceal(error.stack, values)


def outcome_of(error: NexusError | None) -> Outcome:
    """Return the outcome of a run that ended with *error*."""
    return Outcome.OK if error is None else error.outcome
