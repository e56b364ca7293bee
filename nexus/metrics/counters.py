"""Names and labels of the labelled counters, for the code that counts and for `WithZeros`."""

from __future__ import annotations

from typing import Final, NamedTuple


class LabelledCounter(NamedTuple):
    """A counter's name, help text and labels."""

    name: str
    """without `_total`"""
    help: str
    labels: tuple[str, ...]


EXECUTIONS: Final = LabelledCounter(
    "nexus_handler_executions", "Runs by outcome", ("handler", "status")
)
VERSION_EXECUTIONS: Final = LabelledCounter(
    "nexus_version_executions",
    "Runs of versions that share their handler's requests, by outcome",
    ("handler", "version", "status"),
)
CPU: Final = LabelledCounter("nexus_handler_cpu_seconds", "CPU time of runs", ("handler",))
THROTTLED: Final = LabelledCounter(
    "nexus_handler_throttled_seconds",
    "Time runs waited because of their handler's cpu.limit",
    ("handler",),
)
INSTRUCTIONS: Final = LabelledCounter(
    "nexus_handler_instructions", "Metered instructions", ("handler",)
)
ERRORS: Final = LabelledCounter("nexus_errors", "Failed runs by code", ("code",))
REJECTED: Final = LabelledCounter("nexus_rejected", "Requests rejected", ("reason",))
HOST_CALLS: Final = LabelledCounter("nexus_host_calls", "Calls of host functions", ("function",))
CACHE: Final = LabelledCounter(
    "nexus_cache_requests", "Artifacts wanted, by what was found", ("result",)
)
SUSPENSIONS: Final = LabelledCounter(
    "nexus_suspensions", "Suspended executions by how that ended", ("outcome",)
)
OUTBOUND: Final = LabelledCounter(
    "nexus_outbound_requests",
    "Requests that handlers sent, by the manifest's entry and by how they ended",
    ("handler", "host", "outcome"),
)
OUTBOUND_BYTES: Final = LabelledCounter(
    "nexus_outbound_bytes",
    "Bodies of outbound requests (sent) and of their answers (received)",
    ("handler", "host", "direction"),
)
SCHEDULED: Final = LabelledCounter(
    "nexus_scheduled_runs", "Due times of schedules by outcome", ("handler", "outcome")
)
SHARED_ARTIFACTS: Final = LabelledCounter(
    "nexus_shared_artifacts",
    "Compiled code looked up in the store of versions or put there, by what came of it",
    ("result",),
)
PLUGIN_ERRORS: Final = LabelledCounter(
    "nexus_plugin_errors", "Calls of a plugin that raised or took too long", ("plugin",)
)
KV_OPERATIONS: Final = LabelledCounter(
    "nexus_kv_operations",
    "Calls of the key-value store by outcome",
    ("handler", "operation", "outcome"),
)
KV_SECONDS: Final = LabelledCounter(
    "nexus_kv_seconds", "Time of calls of the key-value store", ("handler", "operation")
)
KV_BYTES: Final = LabelledCounter(
    "nexus_kv_bytes", "Bytes of values read from and written to it", ("handler", "direction")
)
REPLACED: Final = LabelledCounter(
    "nexus_workers_replaced", "Workers that had to be replaced", ("reason",)
)

COUNTERS: Final = (
    *(EXECUTIONS, CPU, THROTTLED, INSTRUCTIONS, ERRORS, REJECTED, HOST_CALLS, CACHE),
    *(SUSPENSIONS, OUTBOUND, OUTBOUND_BYTES, PLUGIN_ERRORS, REPLACED, SCHEDULED),
    *(KV_OPERATIONS, KV_SECONDS, KV_BYTES, VERSION_EXECUTIONS, SHARED_ARTIFACTS),
)
