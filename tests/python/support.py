"""Python handlers as the product runs them, but set up in this process."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from nexus.compiler.cache import ArtifactCache
from nexus.compiler.prepare import prepare
from nexus.engines import create_engine
from nexus.engines.frames import measured
from nexus.errors import NexusError
from nexus.guest.python.runtime import load_runtime
from nexus.guest.python.sources import PythonSources
from nexus.model import Compiled, Context, Handler, HttpRequest, HttpResponse, Limits, Prepared
from nexus.plugin_api.abi import Module, RuntimeProgram
from nexus.plugin_api.scheduling import Fifo
from nexus.pool import InstancePool
from nexus.pool.image import shared
from nexus.run import Execution
from nexus.run.dispatch import Dispatcher
from nexus.run.watchdog import Watchdog
from nexus.scheduling import Admission
from nexus.wasm import REWRITER_VERSION, RewriteLimits, rewrite
from tests.support import ABIS, shared_cache

LIMITS = Limits(timeout_s=20.0, cpu_timeout_s=20.0, memory_bytes=48 << 20)


class Pythons:
    """One engine, CPython compiled for it, and the data path."""

    def __init__(self, engine: str, folder: Path) -> None:
        self.engine = create_engine(engine, "cranelift", folder)
        self.module = Module(load_runtime(), table=True)
        version = f"{REWRITER_VERSION} {self.engine.fingerprint}"
        key = f"cpython-{sha256(version.encode()).hexdigest()}"
        cache = ArtifactCache(shared_cache(), lambda _: None)
        self.runtime = cache.get_or_make(key, Compiled, lambda: self._compile(key))
        self.pool = InstancePool(self.engine, ABIS.guest_for, max_instances=2)
        self.watchdog = Watchdog(20.0)
        self.watchdog.start()
        admission = Admission(Fifo(), max_running=2, max_queue=2)
        self.dispatcher = Dispatcher(admission, self.pool, self.watchdog, lambda *_: None)
        self.last: Execution

    def _compile(self, key: str) -> Compiled:
        limits = RewriteLimits(memory_pages=LIMITS.memory_bytes >> 16)
        rewritten, info = rewrite(self.module.source, limits, table=True)
        artifact = self.engine.compile(rewritten)
        return Compiled(key, artifact, measured(info, artifact), "python")

    def close(self) -> None:
        self.pool.shutdown()
        self.watchdog.close()

    def handler(self, files: str | Mapping[str, str], **fields: Any) -> Handler:
        """Set up the handler with this source; of several files the first is the one loaded."""
        named = {"hello.py": files} if isinstance(files, str) else files
        sources = PythonSources(next(iter(named)), dict(named))
        program = RuntimeProgram("python", self.module, sources.pack(), "")
        made = prepare(self.engine, self.runtime, ABIS.named("python"), program, sources.digest())
        prepared = Prepared(shared(made.snapshot), made.entry, self.runtime)
        compiled = replace(self.runtime, key=f"{made.key}.{made.made}", prepared=prepared)
        return Handler(
            **{"name": "hello", "route": "/hello", "compiled": compiled, "limits": LIMITS} | fields
        )

    def fetch(self, handler: Handler, body: bytes = b"", **meta: Any) -> HttpResponse:
        """Run a request; `last` is the run."""
        environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/hello", "HTTP_HOST": "test", **meta}
        return self._run(handler, HttpRequest(environ, body))

    def evaluate(self, handler: Handler, context: str) -> Any:
        """Run a JSON context."""
        return self._run(handler, Context(context.encode()))

    def failure(self, handler: Handler, **meta: Any) -> NexusError:
        """Return the error that a request ends with."""
        try:
            answered = self.fetch(handler, **meta)
        except NexusError as error:
            return error
        raise AssertionError(f"no error, but {answered}")

    def log(self) -> str:
        """Return what the last run wrote."""
        return self.last.stderr.decode()

    def _run(self, handler: Handler, task: Any) -> Any:
        self.last = self.dispatcher.new_run(handler, time.monotonic())
        return self.dispatcher.run(handler, task, self.last)
