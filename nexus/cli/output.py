"""Prints responses, results and errors."""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, BinaryIO

import click

from nexus.errors import NexusError
from nexus.model import ExecutionResult, HttpResponse

_REASONS = {status.value: status.phrase for status in HTTPStatus}


def print_response(response: HttpResponse) -> None:
    """Print the response as a server would send it, its body byte for byte."""
    reason = response.reason or _REASONS.get(response.status, "")
    lines = [f"HTTP/1.1 {response.status} {reason}".rstrip()]
    lines += [f"{name}: {value}" for name, value in response.headers]
    if response.length is not None:
        lines.append(f"Content-Length: {response.length}")
    head = "".join(f"{line}\n" for line in [*lines, ""])
    sys.stdout.flush()
    sys.stdout.buffer.write(head.encode("latin-1") + response.body)


def print_result(result: ExecutionResult) -> None:
    """Print the result in the form of the runtime API (docs/api.md)."""
    click.echo(json.dumps(result.to_json(), indent=2))


def json_error(error: NexusError) -> dict[str, str]:
    """Return an error in the form of the runtime API."""
    return {"code": error.code, "message": str(error)}


def described(response: HttpResponse) -> dict[str, Any]:
    """Return a response as a JSON value."""
    found: dict[str, Any] = {"status": response.status, "headers": response.headers}
    try:
        return {**found, "body": response.body.decode()}
    except UnicodeDecodeError:
        return {**found, "body_base64": base64.b64encode(response.body).decode()}


def writer(stream: BinaryIO) -> Callable[[bytes], None]:
    """Return a function that writes to *stream* and flushes it: a guest's prompt must be visible
    before the guest waits for input."""

    def write(content: bytes) -> None:
        stream.write(content)
        stream.flush()

    return write
