"""`python -m bench.python`: handlers in Python, beside the same code natively and in sandboxes.

Prints medians in ms, without an HTTP server: Nexus on each engine that is installed, the same
function called natively (the limit), a process pool, `python -I` for each request, and of
RestrictedPython (in this process, without limits), pydantic-monty and pyeryx (needs Python 3.12)
those that are installed. The kernels' figures are multiples of this Python's; `--kernels` runs
nothing else. They also show what CPython's build costs by itself (on wasmtime without metering; the
WASI of wasmer 1.1 cannot start it), and what Nexus adds.
"""

from __future__ import annotations

import argparse
import io
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from bench.python_sandboxes import sandboxes
from bench.python_unmetered import unmetered
from bench.python_work import (
    FLASK,
    HELLO,
    KERNELS,
    ORDERS,
    TRANSFORM,
    VALUES,
    kernel_source,
    write_handlers,
)
from bench.server import ROOT
from nexus import config
from nexus.model import Context, HttpRequest
from nexus.service import Service

Call = Callable[[], object]
WORK = {"hello": (HELLO, VALUES), "flask": (FLASK, VALUES), "transform": (TRANSFORM, ORDERS)}
_SCRIPT = """
import json, sys
body = sys.stdin.buffer.read()
%s
class Request:
    def json(self): return json.loads(body)
print(json.dumps(fetch(Request())))
"""


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m bench.python",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--kernels", action="store_true", help="run the kernels only")
    options = parser.parse_args()
    engines = [name for name in ("wasmer", "wasmtime") if find_spec(name)]
    with tempfile.TemporaryDirectory() as scratch, ProcessPoolExecutor(1) as processes:
        write_handlers(Path(scratch))
        services = {engine: _service(Path(scratch), engine) for engine in engines}
        try:
            for name, (source, body) in () if options.kernels else WORK.items():
                found = _contenders(name, source, body, services, processes)
                with sandboxes(source, body) if name != "flask" else nullcontext({}) as others:
                    _print(name, found | others, options.rounds)
            _print_kernels(services, options.rounds)
        finally:
            for service in services.values():
                service.stop()


def _service(folder: Path, engine: str) -> Service:
    layers = {"handlers_dir": str(folder), "engine": engine, "log_level": "error"}
    layers |= {"max_host_calls": "1000000", "timeout_ms": "60000"}
    service = Service(config.load(layers, {}, ROOT).settings, None)
    print(f"compiling for {engine} ...", flush=True)
    service.start_with(folder)
    return service


def _contenders(
    name: str,
    source: str,
    body: bytes,
    services: dict[str, Service],
    processes: ProcessPoolExecutor,
) -> dict[str, Call]:
    found: dict[str, Call] = {}
    for engine, service in services.items():
        found[f"Nexus, {engine}"] = lambda service=service: _nexus(service, name, body)
    if name == "flask":
        app = _loaded(source)["app"]
        found["native Flask"] = lambda: _wsgi(app, body)
        return found
    native = _loaded(source)["fetch"]
    found["native"] = lambda: _called(native, body)
    found["process pool"] = lambda: processes.submit(_in_pool, source, body).result()
    script = _SCRIPT % source
    command = [sys.executable, "-I", "-c", script]
    found["python -I"] = lambda: subprocess.run(
        command, input=body, capture_output=True, check=True
    )
    return found


def _print(title: str, contenders: dict[str, Call], rounds: int) -> None:
    print(f"\n{title}: ms, median of {rounds} and p99")
    times = _times(contenders, rounds)
    for name, found in times.items():
        p99 = sorted(found)[int(0.99 * (len(found) - 1))]
        print(f"  {name:20}{statistics.median(found):9.3f}{p99:9.3f}")


def _print_kernels(services: dict[str, Service], rounds: int) -> None:
    rounds = max(3, rounds // 6)
    sources = {name: kernel_source(name) for name in KERNELS}
    alone = unmetered(sources, rounds) if "wasmtime" in services else {}
    print(f"\nkernels: ms natively (Python {sys.version.split()[0]}), then times that")
    for name, source in sources.items():
        run = _loaded(source)["run"]
        calls: dict[str, Call] = {"native": lambda run=run: run({})}
        for engine, service in services.items():
            calls[engine] = lambda service=service, name=name: _evaluate(service, name)
        medians = {k: statistics.median(v) for k, v in _times(calls, rounds).items()}
        native = medians.pop("native")
        if alone:
            medians["wasmtime, unmetered"] = alone[name]
        shown = "".join(f"   {engine} {ms / native:.1f}" for engine, ms in medians.items())
        print(f"  {name:10}{native:9.2f}{shown}")


def _times(contenders: dict[str, Call], rounds: int) -> dict[str, list[float]]:
    """Return ms of each; all take turns, so that a busy moment meets all alike."""
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for call in contenders.values():
        call()
    for _ in range(rounds):
        for name, call in contenders.items():
            began = time.perf_counter()
            call()
            times[name].append((time.perf_counter() - began) * 1000)
    return times


def _nexus(service: Service, name: str, body: bytes) -> None:
    handler = service.handlers.catalogue.handlers[name]
    meta = {"REQUEST_METHOD": "POST", "PATH_INFO": f"/{name}/", "HTTP_HOST": "h"}
    meta |= {"CONTENT_TYPE": "application/json", "CONTENT_LENGTH": str(len(body))}
    run = service.dispatcher.new_run(handler, time.monotonic())
    answer = service.dispatcher.run(handler, HttpRequest(meta, body), run)
    assert answer.status == 200


def _evaluate(service: Service, name: str) -> None:
    handler = service.handlers.catalogue.handlers[name]
    run = service.dispatcher.new_run(handler, time.monotonic())
    service.dispatcher.run(handler, Context(b"{}"), run)


def _loaded(source: str) -> dict[str, Any]:
    names: dict[str, Any] = {"__name__": "handler"}
    exec(source, names)
    return names


def _called(fetch: Callable[[Any], object], body: bytes) -> str:
    return json.dumps(fetch(SimpleNamespace(json=lambda: json.loads(body))))


def _in_pool(source: str, body: bytes) -> str:
    return _called(_loaded(source)["fetch"], body)


def _wsgi(app: Callable[..., Any], body: bytes) -> bytes:
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/",
        "SERVER_NAME": "h",
        "SERVER_PORT": "80",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
    }
    return b"".join(app(environ, lambda status, headers: None))


if __name__ == "__main__":
    main()
