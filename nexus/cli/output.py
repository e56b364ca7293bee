"""How results are printed."""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, BinaryIO

import click

from nexus.errors import NexusError
from nexus.model import HttpResponse, Usage
from nexus.pool import Execution

_REASONS = {status.value: status.phrase for status in HTTPStatus}


def print_response(response: HttpResponse) -> None:
    """The response as it would go over the wire, its body byte for byte."""
    reason = response.reason or _REASONS.get(response.status, "")
    lines = [f"HTTP/1.1 {response.status} {reason}".rstrip()]
    lines += [f"{name}: {value}" for name, value in response.headers]
    head = "".join(f"{line}\n" for line in [*lines, ""])
    sys.stdout.flush()
    sys.stdout.buffer.write(head.encode("latin-1") + response.body)


def print_json(run: Execution | None, result: Any = None, error: NexusError | None = None) -> None:
    """The result as the runtime API gives it (DESIGN section 6); *run* None: it never began."""
    answer: dict[str, Any] = {
        "status": "error" if error else "success",
        "return_value": _described(result) if isinstance(result, HttpResponse) else result,
        "error": json_error(error) if error else None,
        "metrics": _metrics(run.usage) if run else None,
    }
    click.echo(json.dumps(answer, indent=2))


def json_error(error: NexusError) -> dict[str, str]:
    """An error as the runtime API gives it."""
    return {"code": error.code, "message": str(error)}


def _metrics(usage: Usage) -> dict[str, int]:
    return {
        "duration_us": round(usage.duration_s * 1e6),
        "cpu_us": round(usage.cpu_s * 1e6),
        "queue_us": round(usage.queue_s * 1e6),
        "memory_used_bytes": usage.memory_used_bytes,
        "memory_peak_bytes": usage.memory_peak_bytes,
        "host_calls": usage.host_calls,
        "instruction_count": usage.instructions,
    }


def _described(response: HttpResponse) -> dict[str, Any]:
    described: dict[str, Any] = {"status": response.status, "headers": response.headers}
    try:
        return {**described, "body": response.body.decode()}
    except UnicodeDecodeError:
        return {**described, "body_base64": base64.b64encode(response.body).decode()}


def writer(stream: BinaryIO) -> Callable[[bytes], None]:
    """Write to *stream* at once: a guest's prompt must be seen before it waits for an answer."""

    def write(content: bytes) -> None:
        stream.write(content)
        stream.flush()

    return write
