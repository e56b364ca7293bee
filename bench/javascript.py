"""`python -m bench.javascript`: what a handler in JavaScript costs, and where.

- the first answer: a server with an empty cache, and again with what it left there
- a request by stage (reset, body in, call, body out), in this process and without the HTTP server,
  at bodies of 1 KB and 1 MB
- another handler's latency while LLVM compiles behind the service, beside when it is done
"""

from __future__ import annotations

import contextlib
import statistics
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.load import measure, need_wrk
from bench.server import ROOT, Server
from nexus import config
from nexus.guest.js.interpreter import Interpreter
from nexus.guest.wasi.descriptors import CappedOutput
from nexus.model import Handler, HttpRequest
from nexus.service import Service

ECHO = """export default {
  async fetch(request) { return new Response(await request.bytes()); },
};
"""
HELLO = 'export default { fetch: () => new Response("hello\\n") };\n'
ROUNDS = 300


def main() -> None:
    need_wrk()
    with tempfile.TemporaryDirectory() as scratch:
        handlers = Path(scratch, "handlers")
        handlers.mkdir()
        Path(handlers, "hello.js").write_text(HELLO)
        Path(handlers, "echo.js").write_text(ECHO)
        Path(handlers, "wat.wat").write_text((ROOT / "examples" / "hello.wat").read_text())
        cache = str(Path(scratch, "cache"))
        _first_answers(handlers, cache)
        _stages(handlers, cache)


# ---- the server ------------------------------------------------------------------------------


def _first_answers(handlers: Path, cache: str) -> None:
    environ = {"NEXUS_HANDLERS_DIR": str(handlers), "NEXUS_CACHE_DIR": cache}
    began = time.monotonic()
    with Server("nexus", "/hello", **environ) as server:
        print(f"first answer, empty cache:       {time.monotonic() - began:6.2f} s")
        base = server.url.rsplit("/", 1)[0]
        busy = [measure(f"{base}/wat", connections=2, seconds=2)]
        while _compiler(base) == "cranelift":
            busy.append(measure(f"{base}/wat", connections=2, seconds=2))
        print(f"LLVM's code is there after       {time.monotonic() - began:6.2f} s")
        idle = [measure(f"{base}/wat", connections=2, seconds=2) for _ in busy]
    for name, loads in (("while LLVM compiles", busy[:-1] or busy), ("afterwards", idle)):
        p50 = statistics.median(load.p50_ms for load in loads)
        p99 = statistics.median(load.p99_ms for load in loads)
        print(f"another handler {name:20} p50 {p50:.2f} ms, p99 {p99:.2f} ms")
    began = time.monotonic()
    with Server("nexus", "/hello", **environ):
        print(f"first answer, filled cache:      {time.monotonic() - began:6.2f} s")


def _compiler(base: str) -> str:
    """Which compiler's code /hello serves with, by the metric."""
    with urllib.request.urlopen(f"{base}/metrics") as response:
        for line in response.read().decode().splitlines():
            if line.startswith("nexus_handler_compiler{") and 'handler="hello"' in line:
                name, value = line.rsplit(" ", 1)
                if float(value):
                    return name.partition('compiler="')[2].partition('"')[0]
    return ""


# ---- in this process -------------------------------------------------------------------------


def _stages(handlers: Path, cache: str) -> None:
    layers = {"handlers_dir": str(handlers), "cache_dir": cache, "log_level": "error"}
    layers["max_host_calls"] = "1000000"
    service = Service(config.load(layers, {}, ROOT).settings, None)
    service.start_with(handlers)
    try:
        columns = ("all", "reset", "body in", "call", "body out")
        print(
            f"\n{'a request, without HTTP':32}",
            *(f"{name:>9}" for name in columns),
            "  µs, medians",
        )
        for name, size in (("hello", 0), ("echo", 1 << 10), ("echo", 1 << 20)):
            found = _stage_times(service, service.catalogue.handlers[name], size)
            title = f"{name}.js, {size >> 10} KB in and out" if size else f"{name}.js"
            print(f"{title:32}", *(f"{seconds * 1e6:9.0f}" for seconds in found))
        with _lent(service, service.catalogue.handlers["hello"]) as instance:
            print(f"memory of a warm instance: {instance.memory_used() / (1 << 20):.2f} MiB")
    finally:
        service.stop()


def _stage_times(service: Service, handler: Handler, size: int) -> tuple[float, ...]:
    """Seconds of a whole request, and of its stages: reset, body in, call, body out."""
    body = bytes(range(256)) * (size >> 8)
    whole = _median(lambda: _request(service, handler, body))
    with _lent(service, handler) as instance:
        reset = _median(instance.reset)
    watches = [
        # Stage, and what does its work; writing is called from within the guest's own calls.
        Stopwatch(Interpreter, "uint8array"),
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
            copied, called, jobs, written = (watch.seconds for watch in watches)
            times.append((copied, called + jobs - written, written))
    return whole, reset, *(statistics.median(stage) for stage in zip(*times, strict=True))


class Stopwatch:
    """Adds up the time that calls of one method take, while it is entered."""

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


def _request(service: Service, handler: Handler, body: bytes) -> None:
    meta = {"REQUEST_METHOD": "POST", "PATH_INFO": handler.route, "HTTP_HOST": "localhost"}
    run = service.dispatcher.new_run(handler, time.monotonic())
    response = service.dispatcher.run(handler, HttpRequest(meta, body), run)
    assert response.status == 200
    assert handler.name != "echo" or response.body == body


@contextmanager
def _lent(service: Service, handler: Handler) -> Iterator:  # type: ignore[type-arg]
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


if __name__ == "__main__":
    main()
