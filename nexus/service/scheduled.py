"""Joins schedules with store, dispatcher and threads; counts and logs their runs."""

from __future__ import annotations

import logging
from datetime import datetime, timezone

from nexus.logs import SCHEDULES
from nexus.model import ScheduledRun
from nexus.plugin_api.metrics import SuspensionSink
from nexus.schedules import OK, Ledger, Schedules
from nexus.service.build import Parts

log = logging.getLogger(SCHEDULES)


def schedules_of(parts: Parts) -> Schedules:
    """Return the schedules of one worker, which share the store with all others."""
    return Schedules(
        Ledger(parts.key_values.store),
        parts.dispatcher,
        parts.suspensions.submit,
        lambda run: observe(parts.metrics, run),
    )


def observe(metrics: SuspensionSink, run: ScheduledRun) -> None:
    """Count and log a due time that this worker saw to."""
    metrics.scheduled(run)
    cron, due_ms = run.scheduled
    due = datetime.fromtimestamp(due_ms / 1000, timezone.utc).strftime("%Y-%m-%d %H:%M")
    fields = {
        "handler": run.handler,
        "execution_id": run.execution_id,
        "cron": cron,
        "due": due_ms,
        "outcome": run.outcome,
        "late_ms": round(run.late_s * 1000, 3),
        "duration_ms": round(run.duration_s * 1000, 3),
    }
    times = f"{run.count} due times of {run.handler}, the last" if run.count > 1 else run.handler
    problem = f": {run.problem}" if run.problem else ""
    level = logging.INFO if run.outcome == OK else logging.WARNING
    text = "%s by the schedule %s at %s UTC: %s%s"
    log.log(level, text, times, cron, due, run.outcome, problem, extra={"fields": fields})
