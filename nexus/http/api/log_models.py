"""Models of the log over the API."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, JsonValue

from nexus.http.api.models import Model


class LogQuery(Model):
    """Which log records to return."""

    handler: Annotated[str, Field(min_length=1, max_length=64)] | None = Field(
        None, description="of this handler alone"
    )
    level: Literal["debug", "info", "warning", "error"] = Field(
        "debug", description="from this level on"
    )
    after: Annotated[str, Field(max_length=4096)] = Field(
        "", description="the cursor of an earlier answer: only what came later"
    )


class LogRecord(Model):
    """One log record or request; a record may have further fields of its own."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, JsonValue]

    ts: str = Field(description="time in UTC", examples=["2025-01-31T12:30:01.250Z"])
    level: Literal["debug", "info", "warning", "error", "critical"]
    logger: str = Field(examples=["nexus.guest", "nexus.access"])
    message: str
    worker: str = Field(description="process id")


class LogRecords(Model):
    """Log records, the oldest first. Requests are among them while somebody reads the log."""

    records: list[LogRecord]
    cursor: str = Field(description="pass it as `after` to read on")
