"""The embedding API: run a handler with a JSON context from Python."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

from nexus.errors import GuestError, HandlerNotFound, InternalError, InvalidArgument
from nexus.model import Context, ExecutionResult, ExtensionAnswer, Handler, SuspensionInfo
from nexus.results import failed, succeeded
from nexus.service import Service


class WasmRuntime:
    """Runs handlers of a started `Service`. Thread-safe; a handler runs on the calling thread, or
    where it can be suspended on one of its own."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def execute_handler(
        self, handler: str, context: Mapping[str, Any] | bytes, timeout_ms: int | None = None
    ) -> ExecutionResult:
        """Run the handler of this name with *context*: `state`, `args` and `scope`, or whatever
        JSON the handler takes; bytes are JSON already.

        What becomes of the execution is in the result, its errors too. *timeout_ms* may shorten
        the handler's own deadline, never lengthen it.

        Raises: HandlerNotFound; InvalidArgument where *context* is not JSON; AdmissionError.
        """
        found = self._find(handler)
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
        """Continue a suspended execution, whichever worker of the pod has it, and return what it
        comes to next. *result*: `{"success": True, "value": ...}`, or `{"success": False, "error":
        "..."}` for an exception (a status, outside JavaScript).

        Raises: SuspensionNotFound, SuspensionGone where it expired or its worker ended,
            SuspensionConflict where it was resumed already; InvalidArgument; AdmissionError, after
            which it can be resumed still.
        """
        return self._service.suspensions.resume(suspension_id, _answer(result))

    def suspensions(self) -> list[SuspensionInfo]:
        """All suspended executions of the pod."""
        return self._service.suspensions.all()

    def cancel_suspension(self, suspension_id: str) -> None:
        """End a suspended execution.

        Raises: SuspensionNotFound, SuspensionGone, SuspensionConflict.
        """
        self._service.suspensions.cancel(suspension_id)

    def _find(self, name: str) -> Handler:
        found = self._service.catalogue.handlers.get(name)
        if found is None:
            raise HandlerNotFound(f"no handler {name!r}")
        return found


def _encoded(context: Mapping[str, Any] | bytes) -> bytes:
    if isinstance(context, bytes):
        return context
    try:
        return json.dumps(context, allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidArgument(f"the context is not JSON: {error}") from error


def _answer(result: Mapping[str, Any]) -> ExtensionAnswer:
    success = result.get("success")
    key = "value" if success is True else "error"
    if not isinstance(success, bool) or not result.keys() <= {"success", key}:
        found = _shortened(json.dumps(result, default=repr))
        raise InvalidArgument(
            f'a result is {{"success": true, "value": ...}} or {{"success": false, "error": '
            f'"..."}}, not {found}'
        )
    if not success and not isinstance(result.get("error"), str):
        raise InvalidArgument(f"error: found {result.get('error')!r}, allowed is a string")
    try:
        return ExtensionAnswer(success, json.dumps(result.get(key), allow_nan=False).encode())
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidArgument(f"the result is not JSON: {error}") from error


def _shortened(text: str) -> str:
    return text if len(text) <= 100 else f"{text[:100]}..."
