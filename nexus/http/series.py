"""The series that `/metrics` shows from the start, even if nothing was counted yet."""

from __future__ import annotations

from nexus.errors import AdmissionError
from nexus.guest.host.imports import SIGNATURES as NEXUS_FUNCTIONS
from nexus.guest.preview1.signatures import SIGNATURES as WASI_FUNCTIONS
from nexus.http.errors import STATUS
from nexus.metrics import counters
from nexus.metrics.workers import STUCK
from nexus.metrics.zeros import Known
from nexus.model import FailureKind, Outcome
from nexus.model.outbound import ANSWERED
from nexus.schedules import OUTCOMES as _SCHEDULED
from nexus.service import Service

_RUNS = tuple(
    outcome.value
    for outcome in Outcome
    if outcome not in (Outcome.NOT_FOUND, Outcome.INVALID_HANDLER)  # these have no handler
)
_FUNCTIONS = tuple(sorted({*WASI_FUNCTIONS, *NEXUS_FUNCTIONS}))
_SUSPENSIONS = ("resumed", "ended", "expired", "cancelled", "shutdown", "refused")
_OUTBOUND = (ANSWERED, *(kind.value for kind in FailureKind))
_REFUSED = (FailureKind.DENIED, FailureKind.INVALID)  # of requests that no entry grants
_DIRECTIONS = ("sent", "received")
_KV_CALLS = ("get", "put", "delete", "list", "increment", "compare_and_set")
_KV_OUTCOMES = ("ok", "refused", "unavailable")
_KV_DIRECTIONS = ("read", "written")
_ARTIFACTS = ("taken", "missing", "refused", "put", "failed")
_REASONS = tuple(kind.reason for kind in AdmissionError.__subclasses__())


def known_series(service: Service) -> Known:
    """Return the label values that each counter of *service* may have now."""
    plugins = [(entry.candidate.name,) for entry in service.plugins.found]
    if not service.parts.has_own_metrics:  # a plugin's sink counts, or nothing does
        return {counters.PLUGIN_ERRORS: plugins}
    served = service.handlers.catalogue.handlers
    handlers = [(name,) for name in served]
    calling = [name for name, handler in served.items() if handler.http]
    storing = [name for name, handler in served.items() if handler.kv]
    scheduled = [name for name, handler in served.items() if handler.schedule]
    outbound = [(name, host) for name, handler in served.items() for host in handler.http]
    return {
        counters.EXECUTIONS: [(name, run) for (name,) in handlers for run in _RUNS],
        counters.VERSION_EXECUTIONS: [
            (name, version.version, run)
            for name, handler in served.items()
            if handler.split is not None
            for version in handler.split.versions
            for run in _RUNS
        ],
        counters.CPU: handlers,
        counters.THROTTLED: handlers,
        counters.INSTRUCTIONS: handlers,
        counters.ERRORS: [(code,) for code in STATUS],
        counters.REJECTED: [(reason,) for reason in _REASONS],
        counters.HOST_CALLS: [(name,) for name in _FUNCTIONS],
        counters.CACHE: [("hit",), ("miss",)],
        counters.SUSPENSIONS: [(outcome,) for outcome in _SUSPENSIONS],
        counters.OUTBOUND: [(*labels, how) for labels in outbound for how in _OUTBOUND]
        + [(name, "", how.value) for name in calling for how in _REFUSED],
        counters.OUTBOUND_BYTES: [(*labels, way) for labels in outbound for way in _DIRECTIONS],
        counters.KV_OPERATIONS: [
            (name, call, how) for name in storing for call in _KV_CALLS for how in _KV_OUTCOMES
        ],
        counters.KV_SECONDS: [(name, call) for name in storing for call in _KV_CALLS],
        counters.KV_BYTES: [(name, way) for name in storing for way in _KV_DIRECTIONS],
        counters.SCHEDULED: [(name, how) for name in scheduled for how in _SCHEDULED],
        counters.SHARED_ARTIFACTS: [
            (how,) for how in _ARTIFACTS if service.settings.artifact_key_file
        ],
        counters.PLUGIN_ERRORS: plugins,
        counters.REPLACED: [(STUCK,)],
    }
