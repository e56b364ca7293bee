"""The embedding API: run a handler with a JSON context from Python."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest

from nexus import config
from nexus.errors import (
    EngineUnavailable,
    GuestError,
    HandlerNotFound,
    InternalError,
    InvalidArgument,
    InvalidHandler,
)
from nexus.handlers.ceiling import NO_LIMITS, TextLimits, check_granted, lowered
from nexus.handlers.names import is_name
from nexus.metrics.derived import WithDerived
from nexus.model import Context, ExecutionResult, Handler, SuspensionInfo
from nexus.plugin_api.capabilities import check_token
from nexus.plugin_api.extensions import Extension
from nexus.plugins import load_plugins
from nexus.run.results import failed, noted, succeeded
from nexus.service import Service
from nexus.service.choices import checks_by
from nexus.suspension.answers import read_answer

START_TIMEOUT_S = 600.0
"""The longest that `WasmRuntime` waits for the handlers of a folder; beyond, it gives up"""


class WasmRuntime:
    """Runs handlers from Python. Thread-safe; a handler runs on the calling thread, or on its own
    thread if it can be suspended.

        with WasmRuntime("handlers", timeout_ms=500) as runtime:
            result = runtime.execute_handler("price", {"args": {"items": 3}})
    """

    def __init__(
        self,
        handlers: str | Path | None = None,
        *,
        text_capabilities: Sequence[str] = (),
        extensions: Mapping[str, Extension] | None = None,
        plugins: bool = False,
        **settings: object,
    ) -> None:
        """Serve the folder *handlers* (None: only source text), and wait until its handlers are
        loaded; the folder is watched for changes until `close`.

        *settings*: by name, from `docs/configuration.md`; neither environment nor files are read.
        *text_capabilities*: the capabilities of handlers given as source text, which have no
        manifest. *extensions*: the objects that answer `$ext.NAME.method(...)`, by NAME.
        *plugins*: whether to load installed plugins.

        Raises: ConfigError, EngineUnavailable; ValueError for an invalid capability; InvalidHandler
            if the folder cannot be read.
        """
        self._text_capabilities = tuple(map(check_token, text_capabilities))
        self._registry = CollectorRegistry()
        loaded = load_plugins({}, self._registry, outside=None if plugins else ())
        given = settings if handlers is None else {**settings, "handlers_dir": str(handlers)}
        found = config.load(given, {}, Path.cwd(), (), checks_by(loaded))
        self._service = Service(
            found.settings, self._registry, plugins=loaded, extensions=extensions, environ={}
        )
        self._owns_service = True
        if handlers is None:
            self._service.start_without_handlers()
            return
        if not found.settings.handlers_dir.is_dir():
            raise InvalidHandler(f"handlers: there is no folder {handlers}")
        self._service.start()
        if not self._service.handlers.wait_loaded(START_TIMEOUT_S):
            self.close()
            raise EngineUnavailable(f"the handlers did not load in {START_TIMEOUT_S:g} s")

    @classmethod
    def of(cls, service: Service, *, text_capabilities: Sequence[str] = ()) -> WasmRuntime:
        """Return a runtime for the handlers of *service*, which the caller starts and stops."""
        runtime = cls.__new__(cls)
        runtime._text_capabilities = tuple(map(check_token, text_capabilities))
        runtime._service, runtime._owns_service = service, False
        runtime._registry = CollectorRegistry()
        return runtime

    def __enter__(self) -> WasmRuntime:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Wait for runs to end, and release all resources. May be called again."""
        if self._owns_service:
            self._owns_service = False
            self._service.stop()

    @property
    def service(self) -> Service:
        """The service underneath, with `service.pool`, `service.dispatcher` and others."""
        return self._service

    @property
    def handlers(self) -> Mapping[str, Handler]:
        """The handlers that serve, by name."""
        return self._service.handlers.catalogue.handlers

    @property
    def problems(self) -> Mapping[str, str]:
        """The reasons why files of the handlers folder cannot serve, by file name."""
        return self._service.host.problems()

    def get_prometheus_metrics(self) -> str:
        """Return the metrics of this runtime as Prometheus text."""
        self._service.flush_metrics()
        found = CollectorRegistry()
        found.register(WithDerived(self._registry))
        return generate_latest(found).decode()

    def execute_handler(
        self, handler: str, context: Mapping[str, Any] | bytes, timeout_ms: int | None = None
    ) -> ExecutionResult:
        """Run *handler* with *context*: `state`, `args` and `scope`, or any JSON that the handler
        accepts; bytes must be JSON already.

        *handler* is the name of a serving handler (or of its file), or JavaScript source text,
        which cannot be a name. The text is a module with a default export, or a script whose value
        is the result; recent texts stay compiled. Never let a client choose *handler*.

        The result tells how the execution ended, even if it failed. *timeout_ms* may shorten the
        handler's own deadline, never lengthen it.

        Raises: HandlerNotFound; CompilationError for source text; InvalidArgument if *context* is
            not JSON; AdmissionError.
        """
        found, is_new = self._find(handler)
        result = self._execute(found, context, timeout_ms)
        return noted(result, cache_hit=False) if is_new else result

    def execute_source(
        self,
        source: str,
        context: Mapping[str, Any] | bytes,
        *,
        language: str = "javascript",
        limits: TextLimits = NO_LIMITS,
        capabilities: Sequence[str] = (),
    ) -> ExecutionResult:
        """Run *source*, a text in *language*, with *context*. A client may choose all of it:
        *limits* may lower those of the settings, and *capabilities* must be granted by this
        runtime's `text_capabilities`.

        Raises: InvalidArgument, Forbidden; InvalidHandler if nothing runs that language, or the
            text is too long; CompilationError; AdmissionError.
        """
        allowed = self._text_capabilities
        granted = check_granted(capabilities, allowed, "text_capabilities")
        texts = self._service.handlers.texts
        lower = lowered(limits, texts.limits)
        text, is_new = texts.get(source.encode("utf-8", "replace"), language, lower)
        result = self._execute(replace(text, capabilities=granted), context, None)
        return noted(result, cache_hit=False) if is_new else result

    def _execute(
        self, found: Handler, context: Mapping[str, Any] | bytes, timeout_ms: int | None
    ) -> ExecutionResult:
        task = Context(_encoded(context))
        dispatcher = self._service.dispatcher
        timeout_s = None if timeout_ms is None else timeout_ms / 1000
        run = dispatcher.new_run(found, time.monotonic(), timeout_s)
        suspensions = self._service.suspensions
        if suspensions.can_suspend(found):
            return suspensions.execute(found, task, run)
        try:
            value = dispatcher.run(found, task, run)
        except (GuestError, InternalError) as error:
            return failed(run, error)
        return succeeded(run, value)

    def resume_handler(self, suspension_id: str, result: Mapping[str, Any]) -> ExecutionResult:
        """Answer a question of a suspended execution, in whichever worker of the pod, and return
        the execution's next result. *result*: `{"success": True, "value": ...}`, or `{"success":
        False, "error": "..."}` for an exception (a status, outside JavaScript).

        Raises: SuspensionNotFound, SuspensionGone if it expired or its worker ended,
            SuspensionConflict if it was resumed already; InvalidArgument; AdmissionError, after
            which it can still be resumed.
        """
        return self._service.suspensions.resume(suspension_id, read_answer(result))

    def suspensions(self) -> list[SuspensionInfo]:
        """Return the open questions of all suspended executions of the pod, the oldest first."""
        return self._service.suspensions.all()

    def get_execution(self, execution_id: str, wait_ms: int = 0) -> ExecutionResult:
        """Return the result of an execution that was suspended, in whichever worker of the pod. If
        the execution does not end within *wait_ms*, return its open questions instead (status
        `suspended`, without effects). Results are kept for `result_ttl_ms`.

        Raises: ExecutionNotFound, ExecutionGone.
        """
        return self._service.suspensions.result(execution_id, wait_ms / 1000)

    def cancel_suspension(self, suspension_id: str) -> None:
        """End the suspended execution that has asked a question.

        Raises: SuspensionNotFound, SuspensionGone, SuspensionConflict.
        """
        self._service.suspensions.cancel(suspension_id)

    def _find(self, handler: str) -> tuple[Handler, bool]:
        """Return the handler, and whether it had to be compiled."""
        if not is_name(handler):
            text, is_new = self._service.handlers.texts.get(handler.encode("utf-8", "replace"))
            return replace(text, capabilities=self._text_capabilities), is_new
        handlers = self._service.handlers.catalogue.handlers
        found = handlers.get(handler)
        if found is None and handler.endswith(tuple(self._service.abis.suffixes)):
            found = handlers.get(handler.rpartition(".")[0])
        if found is None:
            raise HandlerNotFound(f"no handler {handler!r}")
        return found if found.split is None else found.split.choose({}), False


def _encoded(context: Mapping[str, Any] | bytes) -> bytes:
    if isinstance(context, bytes):
        return context
    try:
        return json.dumps(context, allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidArgument(f"the context is not JSON: {error}") from error
