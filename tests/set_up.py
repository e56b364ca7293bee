"""Handlers in a language, as the product runs them, but set up in this process: a child would take
half a second each."""

from __future__ import annotations

import gc
import resource
import time
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

from nexus.compiler.assemble import metered
from nexus.compiler.cache import ArtifactCache
from nexus.compiler.prepare import prepare
from nexus.engines import create_engine
from nexus.engines.frames import measured
from nexus.errors import NexusError
from nexus.model import Compiled, Context, Handler, HttpRequest, HttpResponse, Limits, Prepared
from nexus.outbound.client import OutboundClient
from nexus.plugin_api.abi import Module, RuntimeProgram
from nexus.plugin_api.guest import Outbound
from nexus.plugin_api.scheduling import Fifo
from nexus.pool import InstancePool
from nexus.pool.image import shared
from nexus.run import Execution
from nexus.run.dispatch import Dispatcher
from nexus.run.watchdog import Watchdog
from nexus.scheduling import Admission
from nexus.wasm import REWRITER_VERSION
from tests.clients import Receiver
from tests.support import ABIS, shared_cache

RESERVED_BYTES = 4 << 30
"""what an engine reserves at least for the memory of one instance"""
ENGINES = ["wasmtime", *(["wasmer"] if find_spec("wasmer_compiler_cranelift") else [])]


class InProcess:
    """One engine, a language runtime compiled for it, and the data path."""

    def __init__(self, engine: str, folder: Path, abi: str, module: Module, limits: Limits) -> None:
        self.engine = create_engine(engine, "cranelift", folder)
        self.abi, self.module, self.limits = abi, module, limits
        parts = (REWRITER_VERSION, self.engine.fingerprint, limits.memory_bytes, module.digest)
        key = f"{abi}-{sha256(repr(parts).encode()).hexdigest()}"
        cache = ArtifactCache(shared_cache(), lambda _: None)
        self.runtime = cache.get_or_make(key, Compiled, lambda: self._compile(key))
        self._held = self.engine.hold(self.runtime.artifact)
        """else each set-up on wasmer would deserialize it: 35 ms for CPython"""
        self.pool = InstancePool(self.engine, ABIS.guest_for, max_instances=2)
        self.watchdog = Watchdog(limits.timeout_s)
        self.watchdog.start()
        admission = Admission(Fifo(), max_running=2, max_queue=2)
        self.outbound: OutboundClient | None = None
        """sends the requests of handlers that are granted some host"""
        self.dispatcher = Dispatcher(
            admission, self.pool, self.watchdog, lambda *_: None, outbound=self._open_outbound
        )
        self.last: Execution
        self._prepared: WeakValueDictionary[str, Compiled] = WeakValueDictionary()
        """by digest of the sources, as the artifact cache has them"""

    def _compile(self, key: str) -> Compiled:
        rewritten, info = metered(self.module, self.engine, self.limits.memory_bytes >> 16)
        artifact = self.engine.compile(rewritten)
        return Compiled(key, artifact, measured(info, artifact), self.abi)

    def _open_outbound(self, handler: Handler, run: Execution) -> Outbound:
        assert self.outbound is not None, "the test sets `outbound`"
        return self.outbound.open(handler, run)

    def close(self) -> None:
        self.pool.shutdown()
        self.watchdog.close()

    def set_up(self, sources: bytes, **fields: Any) -> Handler:
        """Set up the handler of these packed *sources*."""
        key = sha256(sources).hexdigest()
        compiled = self._prepared.get(key)
        if compiled is None:
            compiled = self._prepared[key] = self._prepare(sources, key)
        return Handler(
            **{"name": "hello", "route": "/hello", "compiled": compiled, "limits": self.limits}
            | fields
        )

    def _prepare(self, sources: bytes, key: str) -> Compiled:
        program = RuntimeProgram(self.abi, self.module, sources, "")
        made = prepare(self.engine, self.runtime, ABIS.named(self.abi), program, key)
        prepared = Prepared(shared(made.snapshot), made.entry, self.runtime)
        return replace(self.runtime, key=f"{made.key}.{made.made}", prepared=prepared)

    def fetch(self, handler: Handler, body: bytes = b"", **meta: Any) -> HttpResponse:
        """Run a request; `last` is the run."""
        environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/hello", "HTTP_HOST": "test", **meta}
        response: HttpResponse = self._run(handler, HttpRequest(environ, body))
        return response

    def receive(
        self, handler: Handler, receiver: Receiver, body: bytes = b"", **meta: Any
    ) -> HttpResponse:
        """Run a request whose answer may leave before its run ends; return what the run returns."""
        environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/hello", "HTTP_HOST": "test", **meta}
        response: HttpResponse = self._run(handler, HttpRequest(environ, body, receiver))
        return response

    def evaluate(self, handler: Handler, context: str) -> Any:
        """Run a JSON context."""
        return self._run(handler, Context(context.encode()))

    def failure(self, handler: Handler, **request: Any) -> NexusError:
        """Return the error that a request ends with."""
        try:
            answered = self.fetch(handler, **request)
        except NexusError as error:
            return error
        raise AssertionError(f"no error, but {answered}")

    def log(self) -> str:
        """Return what the last run wrote."""
        return self.last.stderr.decode()

    def _run(self, handler: Handler, task: HttpRequest | Context) -> Any:
        self.last = self.dispatcher.new_run(handler, time.monotonic())
        return self.dispatcher.run(handler, task, self.last)


def leaves_nothing(set_up: Callable[[int], object], rounds: int) -> bool:
    """Return whether so many *rounds* of a set-up, after a first, keep no instance. wasmer's own
    references are beyond Python's garbage collector: none may go round."""
    set_up(0)
    gc.collect()
    before = _address_space()
    for number in range(1, rounds + 1):
        set_up(number)
    gc.collect()
    return _address_space() - before < RESERVED_BYTES


def _address_space() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    return pages * resource.getpagesize()
