"""Measures the stages of a request to a JavaScript handler, in this process, without a server."""

from __future__ import annotations

import contextlib
import resource
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.server import ROOT
from nexus import config
from nexus.guest.js.interpreter import Interpreter
from nexus.guest.preview1.descriptors import CappedOutput
from nexus.model import Handler, HttpRequest
from nexus.pool import WasmInstance
from nexus.service import Service

ECHO = """export default {
  async fetch(request) { return new Response(await request.bytes()); },
};
"""
HELLO = 'export default { fetch: () => new Response("hello\\n") };\n'
ROUNDS = 300
_INSTANCES = 8
_STAGES = ("all", "reset", "body in", "call", "body out", "rest")
"""Names of the stages. `rest` is the request's head, the result, and a new instance if the memory
grew."""


def print_stages(cache: Path, folder: Path) -> None:
    """Print the tables; the handlers are written into *folder*."""
    (folder / "hello.js").write_text(HELLO)
    (folder / "echo.js").write_text(ECHO)
    layers = {"handlers_dir": str(folder), "cache_dir": str(cache), "log_level": "error"}
    layers |= {"max_host_calls": "1000000", "max_instances": "50"}
    service = Service(config.load(layers, {}, ROOT).settings, None)
    service.start_with(folder)
    try:
        _print_stages(service)
    finally:
        service.stop()


def _print_stages(service: Service) -> None:
    handlers = service.handlers.catalogue.handlers
    compiler = handlers["hello"].compiled.tier
    print(
        f"{f'a request, in us ({compiler})':26}",
        *(f"{name:>9}" for name in _STAGES),
        f"{'memory, in MiB: warm':>22}{'peak':>7}",
    )
    for name, size in (("hello", 0), ("echo", 1 << 10), ("echo", 1 << 20)):
        found = _stage_times(service, handlers[name], size)
        warm, peak = _memory(service, handlers[name], size)
        title = f"{name}.js, {size >> 10} KB in and out" if size else f"{name}.js"
        print(
            f"{title:26}",
            *(f"{seconds * 1e6:9.0f}" for seconds in (*found, found[0] - sum(found[1:]))),
            f"{warm / (1 << 20):22.2f}{peak / (1 << 20):7.2f}",
        )
    resident = _resident(service, handlers["hello"]) / (1 << 20)
    print(f"medians of {ROUNDS}; one warm instance more takes {resident:.2f} MiB of the process")


def _memory(service: Service, handler: Handler, size: int) -> tuple[int, int]:
    """Return the bytes of a warm instance's linear memory after a request, and their peak in it."""
    peak = _request(service, handler, bytes(size))
    with _lent(service, handler) as instance:
        return instance.memory_used(), peak


def _resident(service: Service, handler: Handler) -> float:
    """Return the bytes by which the process grows with each instance."""
    with contextlib.ExitStack() as lent:
        lent.enter_context(_lent(service, handler))
        before = _resident_bytes()
        for _ in range(_INSTANCES):
            lent.enter_context(_lent(service, handler))
        return (_resident_bytes() - before) / _INSTANCES


def _resident_bytes() -> int:
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


def _stage_times(service: Service, handler: Handler, size: int) -> tuple[float, ...]:
    """Return the seconds of a whole request and of its stages: reset, body in, call, body out."""
    body = bytes(range(256)) * (size >> 8)
    whole = _median(lambda: _request(service, handler, body))
    with _lent(service, handler) as instance:
        reset = _median(instance.reset)
    watches = [
        # The method of each stage; the guest's own calls call the one that writes.
        Stopwatch(Interpreter, "uint8array"),
        Stopwatch(Interpreter, "answer"),
        Stopwatch(Interpreter, "call"),
        Stopwatch(Interpreter, "run_jobs"),
        Stopwatch(CappedOutput, "write"),
    ]
    times = []
    with contextlib.ExitStack() as stack:
        for watch in watches:
            stack.enter_context(watch)
        for _ in range(ROUNDS):
            for watch in watches:
                watch.seconds = 0.0
            _request(service, handler, body)
            copied, answered, called, jobs, written = (watch.seconds for watch in watches)
            times.append((copied, answered + called + jobs - written, written))
    return whole, reset, *(statistics.median(stage) for stage in zip(*times, strict=True))


class Stopwatch:
    """A context manager that adds up the time of all calls of one method."""

    def __init__(self, owner: type, name: str) -> None:
        self._owner, self._name, self._method = owner, name, getattr(owner, name)
        self.seconds = 0.0

    def __enter__(self) -> None:
        method = self._method

        def timed(*arguments: object, **options: object) -> object:
            began = time.perf_counter()
            try:
                return method(*arguments, **options)
            finally:
                self.seconds += time.perf_counter() - began

        setattr(self._owner, self._name, timed)

    def __exit__(self, *_: object) -> None:
        setattr(self._owner, self._name, self._method)


def _request(service: Service, handler: Handler, body: bytes) -> int:
    """Send one request; return the peak of its linear memory."""
    meta = {"REQUEST_METHOD": "POST", "PATH_INFO": handler.route, "HTTP_HOST": "localhost"}
    run = service.dispatcher.new_run(handler, time.monotonic())
    response = service.dispatcher.run(handler, HttpRequest(meta, body), run)
    assert response.status == 200
    assert handler.name != "echo" or response.body == body
    return run.usage.memory_peak_bytes


@contextmanager
def _lent(service: Service, handler: Handler) -> Iterator[WasmInstance]:
    run = service.dispatcher.new_run(handler, time.monotonic())
    instance = service.pool.acquire(handler, run)
    try:
        yield instance
    finally:
        service.pool.release(instance, handler, run)


def _median(call: Callable[[], object]) -> float:
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        call()
        times.append(time.perf_counter() - began)
    return statistics.median(times)
