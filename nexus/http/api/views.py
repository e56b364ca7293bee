"""The functions of all operations."""

from __future__ import annotations

import json
import os
import time
from dataclasses import asdict
from typing import Any

from flask import Response, g, request

from nexus import config, schedules
from nexus.errors import HandlerNotFound, InvalidArgument, Overloaded
from nexus.handlers.catalogue import Catalogue
from nexus.handlers.ceiling import TextLimits
from nexus.handlers.facts import facts_of
from nexus.http import streams
from nexus.http.api.log_models import LogQuery
from nexus.http.api.models import (
    ExecutionQuery,
    ExecutionRequest,
    ResumeRequest,
    ScheduledCall,
    TextRequest,
)
from nexus.http.api.version_views import VersionViews
from nexus.http.streams import Streams
from nexus.live import Cursor
from nexus.model import Handler, Scheduled
from nexus.plugin_api.problems import shown
from nexus.runtime import WasmRuntime
from nexus.service import Service


class Views(VersionViews):
    """The operations by their ids; each returns a JSON value, or None for no content.

    All raise NexusError.
    """

    def __init__(self, service: Service, runtime: WasmRuntime) -> None:
        super().__init__(service)
        self._service, self._runtime = service, runtime
        self._streams = Streams(service)

    # ---- handlers -----------------------------------------------------------------------------

    def list_handlers(self) -> dict[str, Any]:
        catalogue = self._catalogue()
        return {
            "handlers": [facts_of(handler) for handler in catalogue.handlers.values()],
            "problems": [
                {"file": file, "code": error.code, "message": str(error)}
                for file, error in catalogue.problems.items()
            ],
        }

    def get_handler(self, name: str) -> dict[str, Any]:
        return facts_of(self._handler(name))

    def execute_handler(self, body: ExecutionRequest, name: str) -> dict[str, Any]:
        self._handler(name)  # the runtime would take an unknown name for source text
        context = json.dumps(body.context).encode()
        return self._runtime.execute_handler(name, context, body.timeout_ms).to_json()

    def call_scheduled(self, body: ScheduledCall, name: str) -> dict[str, Any]:
        handler = self._handler(name)
        try:
            entry = schedules.read_entry(body.cron) if body.cron else None
        except ValueError as error:
            raise InvalidArgument(f"cron: found {shown(body.cron)} ({error})") from error
        cron = entry or next(iter(handler.schedule), "")
        now_ms = time.time_ns() // 1_000_000
        due_ms = now_ms if body.scheduled_time is None else body.scheduled_time
        dispatcher, began = self._service.dispatcher, time.monotonic()
        run = dispatcher.new_run(handler, began)
        request = schedules.request_for(handler, Scheduled(cron, due_ms))
        schedules.check(dispatcher.run(handler, request, run))
        return {
            "execution_id": run.execution_id,
            "cron": cron,
            "scheduled_time": due_ms,
            "duration_ms": round((time.monotonic() - began) * 1000, 3),
        }

    def execute_text(self, body: TextRequest) -> dict[str, Any]:
        return self._runtime.execute_source(
            body.source,
            json.dumps(body.context).encode(),
            language=body.language,
            limits=TextLimits(**body.limits.model_dump()),
            capabilities=body.capabilities,
        ).to_json()

    def _handler(self, name: str) -> Handler:
        found = self._catalogue().handlers.get(name)
        if found is None:
            raise HandlerNotFound(f"no handler {name!r}")
        return found

    def _catalogue(self) -> Catalogue:
        """Return the catalogue once the handlers are loaded, as handler traffic does: an earlier
        404 would deny a handler that is about to serve."""
        service = self._service
        if not service.handlers.wait_loaded(service.limits.timeout_s):
            raise Overloaded("the handlers are still being loaded")
        return service.handlers.catalogue

    # ---- suspensions --------------------------------------------------------------------------

    def list_suspensions(self) -> dict[str, Any]:
        return {"suspensions": [asdict(found) for found in self._runtime.suspensions()]}

    def resume_execution(self, body: ResumeRequest, id: str) -> dict[str, Any]:
        return self._runtime.resume_handler(id, body.model_dump(exclude_unset=True)).to_json()

    def get_execution(self, query: ExecutionQuery, id: str) -> dict[str, Any]:
        return self._runtime.get_execution(id, query.wait_ms).to_json()

    def cancel_suspension(self, id: str) -> None:
        self._runtime.cancel_suspension(id)

    # ---- the log ------------------------------------------------------------------------------

    def list_logs(self, query: LogQuery) -> dict[str, Any] | Response:
        is_admin = g.client.token is None  # not in `read`: a stream outlives its request

        def read(after: Cursor) -> tuple[list[dict[str, Any]], Cursor]:
            found = self._service.watch().read(after, handler=query.handler, level=query.level)
            if is_admin:
                return found
            return [_without_traceback(record) for record in found[0]], found[1]

        if streams.wanted():
            last = request.headers.get("Last-Event-ID")
            return self._streams.response(read, Cursor.parse(query.after if last is None else last))
        records, cursor = read(Cursor.parse(query.after))
        return {"records": records, "cursor": str(cursor)}

    # ---- this worker --------------------------------------------------------------------------

    def get_pool(self) -> dict[str, Any]:
        service = self._service
        pool, settings = service.pool, service.settings
        return {
            "worker": os.getpid(),
            "active": pool.active_count(),
            "available": pool.available_count(),
            "suspended": pool.suspended_count(),
            "waiting": service.admission.depth(),
            "instances_created": pool.instances_created(),
            "total_memory_bytes": pool.total_memory(),
            "max_instances": settings.max_instances,
            "max_memory_bytes": settings.pool_memory_mb << 20,
            "max_queue": settings.max_queue,
        }

    def get_config(self) -> dict[str, Any]:
        return {"settings": config.public_values(self._service.settings)}


def _without_traceback(record: dict[str, Any]) -> dict[str, Any]:
    """Return *record* without what only operators may see: where the server's own code lies."""
    return {key: value for key, value in record.items() if key != "exception"}
