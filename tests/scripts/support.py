"""JavaScript handlers as the product runs them, but set up in this process: a child would take
half a second each."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from nexus.compiler.cache import ArtifactCache
from nexus.compiler.prepare import prepare
from nexus.engines import create_engine
from nexus.engines.frames import measured
from nexus.errors import NexusError
from nexus.guest.js.bundle import Bundle
from nexus.guest.js.runtime import FUNCTIONS, load_runtime
from nexus.model import (
    Compiled,
    Context,
    Handler,
    HttpRequest,
    HttpResponse,
    Limits,
    Prepared,
)
from nexus.plugin_api.abi import Module, RuntimeProgram
from nexus.pool import InstancePool
from nexus.run import Execution
from nexus.run.dispatch import Dispatcher
from nexus.run.watchdog import Watchdog
from nexus.scheduling import Admission, Fifo
from nexus.wasm import REWRITER_VERSION, RewriteLimits, rewrite
from tests.support import ABIS, shared_cache

ENGINES = ["wasmtime", *(["wasmer"] if find_spec("wasmer_compiler_cranelift") else [])]
LIMITS = Limits(timeout_s=5.0, cpu_timeout_s=5.0, memory_bytes=16 << 20)


class Scripts:
    """One engine, QuickJS compiled for it, and the data path."""

    def __init__(self, engine: str, folder: Path) -> None:
        self.engine = create_engine(engine, "cranelift", folder)
        version = f"{REWRITER_VERSION} {self.engine.fingerprint}"
        key = f"quickjs-{sha256(version.encode()).hexdigest()}"
        self.runtime = ArtifactCache(shared_cache(), lambda _: None).get_or_make(
            key, Compiled, lambda: self._compile(key)
        )
        self.pool = InstancePool(self.engine, ABIS.guest_for, max_instances=2)
        self.watchdog = Watchdog(5.0)
        self.watchdog.start()
        admission = Admission(Fifo(), max_running=2, max_queue=2)
        self.dispatcher = Dispatcher(admission, self.pool, self.watchdog, lambda *_: None)
        self.last: Execution

    def _compile(self, key: str) -> Compiled:
        limits = RewriteLimits(memory_pages=LIMITS.memory_bytes >> 16)
        rewritten, info = rewrite(load_runtime(), limits, FUNCTIONS)
        artifact = self.engine.compile(rewritten)
        return Compiled(key, artifact, measured(info, artifact), "js")

    def close(self) -> None:
        self.pool.shutdown()
        self.watchdog.close()

    def handler(self, files: str | Mapping[str, str], **fields: Any) -> Handler:
        """Set up the handler with this source; of several files the first is the entry."""
        named = {"hello.js": files} if isinstance(files, str) else files
        bundle = Bundle(next(iter(named)), {name: text.encode() for name, text in named.items()})
        return self._set_up(bundle, **fields)

    def text(self, source: str, **fields: Any) -> Handler:
        """Set up the handler that is this source text."""
        return self._set_up(Bundle("source.js", {"source.js": source.encode()}, True), **fields)

    def _set_up(self, bundle: Bundle, **fields: Any) -> Handler:
        key = bundle.digest().hex()
        runtime = Module(load_runtime(), functions=FUNCTIONS)
        program = RuntimeProgram("js", runtime, bundle.pack(), "")
        made = prepare(self.engine, self.runtime, ABIS.named("js"), program, key)
        prepared = Prepared(made.snapshot, made.entry, self.runtime)
        compiled = replace(self.runtime, key=key, prepared=prepared)
        return Handler(
            **{"name": "hello", "route": "/hello", "compiled": compiled, "limits": LIMITS} | fields
        )

    def fetch(self, handler: Handler, body: bytes = b"", **meta: Any) -> HttpResponse:
        """Run a request; `last` is the run."""
        environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/hello", "HTTP_HOST": "test", **meta}
        response: HttpResponse = self._run(handler, HttpRequest(environ, body))
        return response

    def evaluate(self, handler: Handler, context: str) -> Any:
        """Run a JSON context."""
        return self._run(handler, Context(context.encode()))

    def failure(self, handler: Handler, **meta: Any) -> NexusError:
        """The error that a request ends with."""
        try:
            answered = self.fetch(handler, **meta)
        except NexusError as error:
            return error
        raise AssertionError(f"no error, but {answered}")

    def log(self) -> str:
        """What the last run wrote."""
        return self.last.stderr.decode()

    def _run(self, handler: Handler, task: HttpRequest | Context) -> Any:
        self.last = self.dispatcher.new_run(handler, time.monotonic())
        return self.dispatcher.run(handler, task, self.last)
