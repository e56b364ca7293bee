"""`python -m bench.path`: where the microseconds of a request go, on one thread without sockets.

Each request goes through gunicorn's parser, Nexus and gunicorn's answer, one after the other, so
that each finds the processor's caches as the others left them: in a loop of its own Nexus takes
half as long. The first row is the raw WSGI callable that `bench.dispatch` calls the limit. Each
figure is the smallest of the rounds' medians, which other processes disturb little.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from itertools import pairwise
from typing import Any

from gunicorn.config import Config
from gunicorn.http.parser import RequestParser
from gunicorn.http.wsgi import create

from bench.apps.raw import app as raw
from bench.server import ROOT
from nexus.pool import InstancePool, WasmInstance
from nexus.run.dispatch import Dispatcher

REQUESTS = 100
"""in one round"""
_PARTS = ("parse", "environ", "app", "answer")
_INNER = {
    "path": (Dispatcher, "run"),
    "acquire": (InstancePool, "acquire"),
    "execute": (WasmInstance, "execute"),
    "release": (InstancePool, "release"),
}
"""The parts of `app`: for each a method whose time counts, without that of the others in it"""
_ROWS = {"raw callable": None, "warm": "/hello", "fresh": "/fresh", "JavaScript": "/script"}


class Watch:
    """Adds up the time of methods, each without that of others called by it."""

    def __init__(self) -> None:
        self.times: dict[str, int] = {}
        self._inside = 0
        for name, (owner, method) in _INNER.items():
            setattr(owner, method, self._timed(name, getattr(owner, method)))

    def _timed(self, name: str, method: Any) -> Any:
        def timed(*arguments: Any, **options: Any) -> Any:
            outer, self._inside = self._inside, 0
            began = time.perf_counter_ns()
            try:
                return method(*arguments, **options)
            finally:
                took = time.perf_counter_ns() - began
                self.times[name] = self.times.get(name, 0) + took - self._inside
                self._inside = outer + took

        return timed


class Wire:
    """A socket whose client sends one request and takes every answer."""

    sent = b""

    def recv(self, size: int) -> bytes:
        sent, self.sent = self.sent, b""
        return sent

    def sendall(self, data: bytes) -> None:
        """Send nothing."""


def one(app: Any, path: str, watch: Watch, parser: Any, wire: Wire, config: Any) -> list[int]:
    """Serve one request; return the nanoseconds of `_PARTS`, then of `_INNER`."""
    watch.times.clear()
    wire.sent = f"GET {path} HTTP/1.1\r\nHost: localhost:8080\r\n\r\n".encode()
    marks = [time.perf_counter_ns()]
    request = next(parser)
    marks.append(time.perf_counter_ns())
    response, environ = create(request, wire, ("127.0.0.1", 1), ("127.0.0.1", 8080), config)
    marks.append(time.perf_counter_ns())
    body = app(environ, response.start_response)
    marks.append(time.perf_counter_ns())
    for part in body:
        response.write(part)
    response.close()
    marks.append(time.perf_counter_ns())
    if response.status_code != 200:
        raise RuntimeError(f"{path}: {response.status}")
    parts = [end - start for start, end in pairwise(marks)]
    return [*parts, *(watch.times.get(name, 0) for name in _INNER)]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.path", description=__doc__)
    parser.add_argument("--rounds", type=int, default=60)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {
            "NEXUS_HANDLERS_DIR": str(ROOT / "bench" / "handlers"),
            "NEXUS_STATE_DIR": folder,
            "NEXUS_LOG_LEVEL": "error",
            "NEXUS_ACCESS_LOG": "false",
        }
        from nexus.wsgi import app

        _print(app(), rounds)


def _print(nexus: Any, rounds: int) -> None:
    names = [*_PARTS, *_INNER, "sum"]
    print(f"{'us of a request':16}", *(f"{name:>8}" for name in names))
    config, watch, wire = Config(), Watch(), Wire()
    parser = RequestParser(config, wire, ("127.0.0.1", 1))
    service = nexus.extensions["nexus"]
    assert service.handlers.wait_loaded(120.0)
    while service.parts.tiers is not None and any(
        handler.compiled.tier == "cranelift" for handler in service.handlers.catalogue.versions
    ):
        time.sleep(0.1)  # the better compiler's code comes soon
    for row, path in _ROWS.items():
        app = raw if path is None else nexus
        medians = []
        for _ in range(rounds):
            served = [one(app, path or "/", watch, parser, wire, config) for _ in range(REQUESTS)]
            medians.append([statistics.median(stage) for stage in zip(*served, strict=True)])
        found = [min(stage) / 1000 for stage in zip(*medians, strict=True)]
        total = sum(found[: len(_PARTS)])
        found[2] -= sum(found[len(_PARTS) :])
        print(f"{row:16}", *(f"{figure:8.1f}" for figure in (*found, total)))


if __name__ == "__main__":
    main()
