"""The table `plugins.opentelemetry`, and what the standard variables say beside it."""

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
    """What is not said by the standard `OTEL_*` variables, which the SDK reads itself."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    endpoint: (
        Annotated[str, BeforeValidator(_endpoint), Allowed("an http or https address")] | None
    ) = None
    """of the collector, without `/v1/traces`; None: as the variables say"""
    service_name: Annotated[str, Field(min_length=1), Allowed("a text")] | None = None
    """None: OTEL_SERVICE_NAME, else `nexus`"""
    traces: Flag = True
    metrics: Flag = True
    trust_traceparent: Flag = True
    """whether a client's trace goes on here, and its choice of what is sampled"""


def is_wanted(table: Mapping[str, object], environ: Mapping[str, str]) -> bool:
    """Whether anybody named a collector: without, the plugin is idle."""
    if environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return False
    return bool(table) or any(environ.get(name) for name in ENDPOINTS)
