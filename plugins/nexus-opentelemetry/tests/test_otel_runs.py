"""The spans of runs that no request begins."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import nexus_opentelemetry
from nexus.config import Settings
from nexus.model import Handler, Outcome, Usage
from nexus.plugin_api.filters import OtherRun


def tracing(collector: Any) -> Any:
    options = {"opentelemetry": {"endpoint": collector.url}}
    settings = Settings(cache_dir=Path("/nowhere"), kv_store="redis", plugins=options)
    filters = nexus_opentelemetry.nexus_request_filters(settings)
    assert filters is not None
    return filters[0]


def attributes(of: Any) -> dict[str, Any]:
    return {pair.key: getattr(pair.value, pair.value.WhichOneof("value")) for pair in of.attributes}


def usage(acquired_at: float) -> Usage:
    found = Usage()
    found.duration_s, found.acquired_at, found.instructions = 0.1, acquired_at, 7
    return found


def test_a_scheduled_run_is_a_trace_of_its_own(collector: Any, handler: Handler) -> None:
    to = tracing(collector)
    run = to.begin_run(handler, OtherRun("x-1", "schedule", "0 * * * *"))
    call = run.outbound("GET", "https://api.test/", {})
    run.end(Outcome.OK, usage(time.monotonic()))
    to.close()
    spans = {span.name: span for span in collector.spans}
    root = spans["schedule orders"]
    assert spans.keys() == {"schedule orders", "queue", "acquire", "execute"}
    assert (root.kind, root.parent_span_id, root.status.code) == (root.SPAN_KIND_INTERNAL, b"", 0)
    assert spans["execute"].parent_span_id == root.span_id
    assert root.trace_id.hex() in call.headers["traceparent"]
    found = attributes(root)
    assert (found["faas.trigger"], found["faas.cron"]) == ("timer", "0 * * * *")
    assert (found["nexus.execution_id"], found["nexus.instructions"]) == ("x-1", 7)


def test_a_run_that_fails(collector: Any, handler: Handler) -> None:
    to = tracing(collector)
    to.begin_run(handler, OtherRun("x-2", "resume")).end(Outcome.TIMEOUT, usage(0.0))
    to.close()
    (root,) = collector.spans
    found = attributes(root)
    assert (root.name, found["faas.trigger"], found["error.type"]) == (
        "resume orders",
        "other",
        "timeout",
    )
    assert root.status.code == root.status.STATUS_CODE_ERROR
    assert "faas.cron" not in found
