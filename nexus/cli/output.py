"""How results are printed."""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Callable
from typing import Any, BinaryIO

import click

from nexus.errors import NexusError
from nexus.model import HttpResponse
from nexus.pool import Execution


def print_response(response: HttpResponse) -> None:
    """The response as it would go over the wire, its body byte for byte."""
    click.echo(f"HTTP/1.1 {response.status} {response.reason}".rstrip())
    for name, value in response.headers:
        click.echo(f"{name}: {value}")
    click.echo()
    sys.stdout.flush()
    sys.stdout.buffer.write(response.body)


def print_json(run: Execution, result: Any = None, error: NexusError | None = None) -> None:
    """The result as the runtime API gives it (DESIGN section 6)."""
    usage = run.usage
    answer: dict[str, Any] = {
        "status": "error" if error else "success",
        "return_value": _described(result) if isinstance(result, HttpResponse) else result,
        "error": {"code": error.code, "message": str(error)} if error else None,
        "metrics": {
            "duration_us": round(usage.duration_s * 1e6),
            "cpu_us": round(usage.cpu_s * 1e6),
            "queue_us": round(usage.queue_s * 1e6),
            "memory_used_bytes": usage.memory_used_bytes,
            "memory_peak_bytes": usage.memory_peak_bytes,
            "host_calls": usage.host_calls,
            "instruction_count": usage.instructions,
        },
    }
    click.echo(json.dumps(answer, indent=2))


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
