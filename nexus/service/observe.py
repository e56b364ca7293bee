"""Counts and logs each run that has ended."""

from __future__ import annotations

import logging

from nexus.errors import GuestError, InternalError, NexusError
from nexus.live.failures import Failures
from nexus.logs import guest_records
from nexus.model import Handler, OutboundRecord
from nexus.plugin_api.metrics import MetricsSink
from nexus.plugin_api.secrets import conceal
from nexus.run import Execution
from nexus.run.dispatch import outcome_of

outbound_log = logging.getLogger("nexus.outbound")
log = logging.getLogger("nexus.service")
guest_log = logging.getLogger("nexus.guest")


def observe(
    metrics: MetricsSink,
    failures: Failures,
    handler: Handler,
    run: Execution,
    error: NexusError | None,
) -> None:
    """Count *run*, keep its *error*, and log what its guest wrote to stderr."""
    metrics.record(handler, run.usage, outcome_of(error), error)
    if error is not None:
        failures.add(handler.name, run.execution_id, error, _secrets(handler))
        fields = {"handler": handler.name, "execution_id": run.execution_id}
        if isinstance(error, InternalError):  # its details are kept from the client
            log.error("internal error", exc_info=error, extra={"fields": fields})
        if isinstance(error, GuestError) and error.quotes_guest and not error.stack:
            guest_log.error("%s", error, extra={"fields": fields})  # what the client is not shown
    if run.stderr:
        fields = {"handler": handler.name, "execution_id": run.execution_id}
        for level, text in written_by(handler, run):
            guest_log.log(level, "%s", text, extra={"fields": fields})


def written_by(handler: Handler, run: Execution) -> list[tuple[int, str]]:
    """Return what the guest of *run* wrote to stderr, as (level, text); secrets are hidden."""
    written = bytes(run.stderr)
    if handler.secrets:
        written = conceal(written.decode("utf-8", "replace"), _secrets(handler)).encode()
    return guest_records(written)


def log_outbound(record: OutboundRecord) -> None:
    """Log an outbound request that has ended."""
    fields = {
        "handler": record.handler,
        "execution_id": record.execution_id,
        "method": record.method,
        "url": record.url,
        "outcome": record.outcome,
        "status": record.status,
        "duration_ms": round(record.duration_s * 1000, 3),
        "sent_bytes": record.sent_bytes,
        "received_bytes": record.received_bytes,
    }
    what = f"{record.method} {record.url}".strip() or "a request"
    answer = str(record.status) if record.status else record.outcome
    outbound_log.info("%s: %s", what, answer, extra={"fields": fields})


def _secrets(handler: Handler) -> list[str]:
    return [handler.env[name] for name in handler.secrets]
