"""One call of a handler by its schedule."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final, Protocol, TypeVar

from nexus.errors import AdmissionError, GuestTrap, NexusError
from nexus.model import Handler, HttpRequest, HttpResponse, Scheduled, ScheduledRun

_AGAIN_S: Final = 1.0
"""between tries while the queue has no room"""
TRIES_S: Final = 10.0
"""The longest to try"""

OK: Final = "ok"
FAILED: Final = "failed"
OVERLAP: Final = "overlap"
MISSED: Final = "missed"
OUTCOMES: Final = (OK, FAILED, OVERLAP, MISSED)
"""what `ScheduledRun.outcome` may be"""


class Begun(Protocol):
    """The part of an execution that a call uses (`nexus.run.Execution`)."""

    @property
    def execution_id(self) -> str: ...


R = TypeVar("R", bound=Begun)


class Runs(Protocol[R]):
    """The part of the dispatcher that calls use (`nexus.run.dispatch.Dispatcher`)."""

    def new_run(self, handler: Handler, began: float) -> R: ...

    def run(self, handler: Handler, task: HttpRequest, run: R) -> HttpResponse: ...


class Call:
    """Calls one handler for one due time, on the calling thread."""

    def __init__(self, runs: Runs[Any], handler: Handler, scheduled: Scheduled) -> None:
        self._runs, self._handler, self._scheduled = runs, handler, scheduled

    def carry_out(self, sleep: Callable[[float], bool]) -> ScheduledRun:
        """Run the handler, and return how that ended.

        *sleep* waits for so many seconds, and returns True if the worker stops meanwhile.
        """
        until = time.monotonic() + TRIES_S
        while True:
            began = time.monotonic()
            late_s = max(0.0, time.time() - self._scheduled.due_ms / 1000)
            run, error = self._runs.new_run(self._handler, began), None
            try:
                request = request_for(self._handler, self._scheduled)
                check(self._runs.run(self._handler, request, run))
            except NexusError as raised:
                error = raised
            is_full = isinstance(error, AdmissionError)
            if is_full and time.monotonic() < until and not sleep(_AGAIN_S):
                continue
            return ScheduledRun(
                self._handler.name,
                self._scheduled,
                OK if error is None else MISSED if is_full else FAILED,
                execution_id=run.execution_id,
                late_s=late_s,
                duration_s=time.monotonic() - began,
                problem="" if error is None else str(error),
            )


def request_for(handler: Handler, scheduled: Scheduled) -> HttpRequest:
    """Return the request by which a guest learns that *scheduled* is due."""
    meta = {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": handler.route,
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.url_scheme": "http",
    }
    return HttpRequest(meta, scheduled=scheduled)


def check(response: HttpResponse) -> None:
    """Raises: GuestTrap if the status of *response* says that the run failed."""
    if response.status >= 400:
        raise GuestTrap(f"it answered a scheduled call with status {response.status}")
