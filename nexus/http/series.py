"""The series that `/metrics` shows from the start, even if nothing was counted yet."""

from __future__ import annotations

from nexus.errors import AdmissionError
from nexus.guest.host.imports import SIGNATURES as NEXUS_FUNCTIONS
from nexus.guest.preview1.signatures import SIGNATURES as WASI_FUNCTIONS
from nexus.http.errors import STATUS
from nexus.metrics import counters
from nexus.metrics.workers import STUCK
from nexus.metrics.zeros import Known
from nexus.model import Outcome
from nexus.service import Service

_RUNS = tuple(
    outcome.value
    for outcome in Outcome
    if outcome not in (Outcome.NOT_FOUND, Outcome.INVALID_HANDLER)  # these have no handler
)
_FUNCTIONS = tuple(sorted({*WASI_FUNCTIONS, *NEXUS_FUNCTIONS}))
_SUSPENSIONS = ("resumed", "ended", "expired", "cancelled", "shutdown", "refused")
_REASONS = tuple(kind.reason for kind in AdmissionError.__subclasses__())


def known_series(service: Service) -> Known:
    """Return the label values that each counter of *service* may have now."""
    plugins = [(entry.candidate.name,) for entry in service.plugins.found]
    if not service.parts.has_own_metrics:  # a plugin's sink counts, or nothing does
        return {counters.PLUGIN_ERRORS: plugins}
    handlers = [(name,) for name in service.handlers.catalogue.handlers]
    return {
        counters.EXECUTIONS: [(name, run) for (name,) in handlers for run in _RUNS],
        counters.CPU: handlers,
        counters.THROTTLED: handlers,
        counters.INSTRUCTIONS: handlers,
        counters.ERRORS: [(code,) for code in STATUS],
        counters.REJECTED: [(reason,) for reason in _REASONS],
        counters.HOST_CALLS: [(name,) for name in _FUNCTIONS],
        counters.CACHE: [("hit",), ("miss",)],
        counters.SUSPENSIONS: [(outcome,) for outcome in _SUSPENSIONS],
        counters.PLUGIN_ERRORS: plugins,
        counters.REPLACED: [(STUCK,)],
    }
