"""Guests that ask, and the path that suspends them, put together as `nexus.service` does."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from nexus.errors import GuestError, NexusError
from nexus.model import (
    Context,
    ExecutionResult,
    ExtensionAnswer,
    FuncType,
    Handler,
)
from nexus.plugin_api.engine import Engine, EngineInstance, HostFunction, HostFunctions
from nexus.plugin_api.extensions import Extension
from nexus.plugin_api.guest import GuestBase, GuestFactory, Run
from nexus.pool import InstancePool
from nexus.run import Execution
from nexus.run.dispatch import Dispatcher
from nexus.run.watchdog import Watchdog
from nexus.scheduling import Admission, Fifo
from nexus.suspension import Extensions, KeptResults, SuspensionBook, SuspensionIds, Suspensions
from tests import support

GUEST = """(module (import "host" "ask" (func $ask (param i32) (result i32)))
  (memory 1 4) (global $sum (mut i32) (i32.const 0))
  (func $add (param $n i32)
    (global.set $sum (i32.add (global.get $sum) (call $ask (local.get $n)))))
  (func (export "once") (call $add (i32.const 1)))
  (func (export "thrice") (local $n i32)
    (loop (local.set $n (i32.add (local.get $n) (i32.const 1)))
      (call $add (local.get $n))
      (br_if 0 (i32.lt_s (local.get $n) (i32.const 3)))))
  (func $deep (param $n i32)
    (if (local.get $n) (then (call $deep (i32.sub (local.get $n) (i32.const 1))))
      (else (call $add (i32.const 1)))))
  (func (export "deep") (call $deep (i32.const 500)))
  (func (export "none")) (func (export "trap") unreachable)
  (func (export "grow") (drop (memory.grow (i32.const 2))))
  (func (export "spin") (loop (br 0))))"""
"""`ask` calls the extension; what it answers is added up"""

ASKS = ("ext:*",)
GRANTS = ("ext:oracle", "events:emit:*", "state:read:*", "state:write:*")
Make = Callable[..., Handler]
"""Makes a handler of a language that asks"""


class Asker(GuestBase):
    """A guest ABI for tests: a task names exports to call; the sum of the answers is the result.

    A guest whose call came to an error gets -1; its effects are what it asked.
    """

    def __init__(self) -> None:
        self._run: Run | None = None

    def functions(self) -> HostFunctions:
        return {("host", "ask"): HostFunction(FuncType(("i32",), ("i32",)), self._ask)}

    def _ask(self, number: int) -> int:
        run = self._run
        assert run is not None
        run.effects.events.append({"asked": number})
        answer = run.call_extension("oracle", "ask", json.dumps([number]).encode())
        if answer is None or not answer.ok:
            return -1
        return int(json.loads(answer.value))

    def evaluate(self, instance: EngineInstance, task: Any, handler: Handler, run: Run) -> int:
        self._run = run
        try:
            for export in json.loads(task.json):
                instance.call(export)
        except GuestError:
            if run.stopped is None:
                raise
        if run.stopped is not None:
            raise run.stopped
        return int(instance.read_globals()[0])


class Worker:
    """One worker's data path with suspensions."""

    def __init__(
        self,
        engine: Engine,
        *,
        max_running: int = 2,
        most: int = 100,
        timeout_s: float = 60.0,
        ttl_s: float = 60.0,
        folder: Path | None = None,
        key: bytes = b"k" * 32,
        extensions: Mapping[str, Extension] | None = None,
        make_guest: GuestFactory | None = None,
        **pool: Any,
    ) -> None:
        self.admission = Admission(Fifo(), max_running=max_running, max_queue=100)
        self.pool = InstancePool(
            engine, make_guest or (lambda _: Asker()), max_instances=max_running, **pool
        )
        self.watchdog = Watchdog(60.0)
        self.watchdog.start()
        self.observed: list[tuple[Execution, NexusError | None]] = []
        self.outcomes: list[str] = []
        answering = Extensions(extensions or {})
        self.dispatcher = Dispatcher(
            self.admission, self.pool, self.watchdog, self._observe, None, answering
        )
        self.book = SuspensionBook(most, timeout_s, self.outcomes.append)
        self.suspensions = Suspensions(
            self.dispatcher,
            self.admission,
            self.watchdog,
            self.pool,
            answering,
            SuspensionIds(key),
            self.book,
            KeptResults(ttl_s),
            1 << 20,
            lambda compiled: compiled.prepared is not None and support.ABIS.can_defer(compiled),
        )
        self.suspensions.start(folder)

    def _observe(self, handler: Handler, run: Execution, error: NexusError | None) -> None:
        self.observed.append((run, error))

    def execute(
        self, served: Handler, *exports: str, timeout_s: float | None = None
    ) -> ExecutionResult:
        run = self.dispatcher.new_run(served, time.monotonic(), timeout_s)
        return self.suspensions.execute(served, Context(json.dumps(exports).encode()), run)

    def resume(self, result: ExecutionResult, value: Any = 1, ok: bool = True) -> ExecutionResult:
        answer = ExtensionAnswer(ok, json.dumps(value).encode())
        return self.suspensions.resume(id_of(result), answer)

    def counts(self) -> tuple[int, int, int, int, int]:
        """Running, waiting, active, suspended, in the book."""
        return (
            self.admission.running(),
            self.admission.depth(),
            self.pool.active_count(),
            self.pool.suspended_count(),
            len(self.book),
        )

    def until_idle(self) -> None:
        """Wait until nothing runs and nothing is suspended."""
        support.until(lambda: self.counts() == (0, 0, 0, 0, 0))

    def close(self) -> None:
        self.admission.close()
        self.suspensions.close(10.0)
        assert self.admission.wait_idle(10.0)
        self.pool.shutdown()
        self.watchdog.close()
        assert self.counts() == (0, 0, 0, 0, 0)
        assert not self.watchdog._late
        assert self.pool.total_memory() == 0


def id_of(result: ExecutionResult) -> str:
    assert result.status == "suspended", result
    assert result.suspension is not None
    return str(result.suspension["id"])


def ids_of(result: ExecutionResult) -> list[str]:
    """The ids of all open questions."""
    assert result.status == "suspended", result
    return [str(question["id"]) for question in result.suspensions]


def execute(worker: Worker, handler: Handler, **context: Any) -> ExecutionResult:
    """Run a handler of a language with a JSON context."""
    run = worker.dispatcher.new_run(handler, time.monotonic())
    return worker.suspensions.execute(handler, Context(json.dumps(context).encode()), run)


def goes_on_elsewhere(worker: Worker, handler: Handler) -> ExecutionResult:
    """Run *handler*, which asks three times and says so before, each time on a thread of its own;
    return its last result."""
    result = execute(worker, handler, args={"by": 7})
    for n in (1, 2, 3):
        assert result.suspension is not None
        assert result.suspension["arguments"] == {"n": n, "by": 7}
        assert [event["payload"] for event in result.events] == [n]
        assert not run_threads(), "it holds no thread"
        with ThreadPoolExecutor(1) as elsewhere:
            result = elsewhere.submit(worker.resume, result, n * 10).result(20)
    assert result.error is None
    assert [error for _, error in worker.observed] == [None]
    assert worker.counts() == (0, 0, 0, 0, 0)
    return result


def run_threads() -> list[threading.Thread]:
    """Threads that runs are suspended on."""
    return [thread for thread in threading.enumerate() if thread.name == "nexus-run"]


def asking(engine: Engine, **fields: Any) -> Handler:
    """The handler that asks."""
    return support.handler(support.build(engine, GUEST), **{"capabilities": ASKS, **fields})
