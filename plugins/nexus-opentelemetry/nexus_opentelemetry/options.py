"""The table `plugins.opentelemetry`, beside the standard environment variables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from nexus.plugin_api.option_types import Allowed, Flag

ENDPOINTS = (
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
)


def _endpoint(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError("not an address")
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("not an address")
    return value.rstrip("/")


class Options(BaseModel):
    """Options beside the standard `OTEL_*` variables, which the SDK reads itself."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    endpoint: (
        Annotated[str, BeforeValidator(_endpoint), Allowed("an http or https address")] | None
    ) = None
    """the collector's address, without `/v1/traces`; None: the one in the variables"""
    service_name: Annotated[str, Field(min_length=1), Allowed("a text")] | None = None
    """the service's name; None: OTEL_SERVICE_NAME or, without it, `nexus`"""
    traces: Flag = True
    metrics: Flag = True
    trust_traceparent: Flag = True
    """whether a client's trace, and its decision to sample, are continued here"""
    send_traceparent: Flag = True
    """whether servers that handlers call get the trace"""


def is_wanted(table: Mapping[str, object], environ: Mapping[str, str]) -> bool:
    """Return whether a collector is named; if not, the plugin does nothing."""
    if environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return False
    return bool(table) or any(environ.get(name) for name in ENDPOINTS)
