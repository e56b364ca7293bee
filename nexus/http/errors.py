"""Turns errors into responses: one table of statuses, bodies in the form of RFC 9457."""

from __future__ import annotations

import json
from http import HTTPStatus

from flask import Response

from nexus.errors import (
    AdmissionError,
    GuestError,
    InternalError,
    MethodNotAllowed,
    NexusError,
    Unauthorized,
)
from nexus.model import HttpResponse

STATUS = {
    "TIMEOUT": 504,
    "CPU_LIMIT": 504,
    "MEMORY_LIMIT": 500,
    "STACK_LIMIT": 500,
    "RESOURCE_LIMIT": 500,
    "EXECUTION_ERROR": 500,
    "INVALID_RESPONSE": 502,
    "UNAUTHORIZED": 401,
    "PERMISSION_DENIED": 403,
    "CLIENT_LEFT": 499,
    "FORBIDDEN": 403,
    "HANDLER_NOT_FOUND": 404,
    "HANDLER_NOT_LOADED": 503,
    "METHOD_NOT_ALLOWED": 405,
    "REQUEST_TIMEOUT": 408,
    "PAYLOAD_TOO_LARGE": 413,
    "REQUEST_HEAD_TOO_LARGE": 431,
    "INVALID_HANDLER": 422,
    "COMPILATION_ERROR": 422,
    "INVALID_ARGUMENT": 400,
    "CONCURRENCY_LIMIT": 429,
    "OVERLOADED": 503,
    "SHUTTING_DOWN": 503,
    "SUSPENSION_NOT_FOUND": 404,
    "SUSPENSION_CONFLICT": 409,
    "SUSPENSION_GONE": 410,
    "EXECUTION_NOT_FOUND": 404,
    "EXECUTION_GONE": 410,
    "VERSION_NOT_FOUND": 404,
    "VERSION_CONFLICT": 409,
    "PRECONDITION_FAILED": 412,
    "QUOTA_EXCEEDED": 507,
    "STORE_UNAVAILABLE": 503,
    "INTERNAL_ERROR": 500,
}


_PHRASES = {status.value: status.phrase for status in HTTPStatus}

_UNQUOTED = {
    "EXECUTION_ERROR": "the handler ended with an error; its log says which",
    "INVALID_RESPONSE": "the handler's answer is not a valid response; its log says why",
}
"""Maps a code to the detail that a client gets in place of a message that quotes the guest."""


def problem(
    error: NexusError,
    handler: str | None,
    execution_id: str | None,
    *,
    debug: bool = False,
    status: int | None = None,
) -> HttpResponse:
    """Return the response for *error*, with another *status* than the table's if one is given.

    Internal errors go only to the log. The text that a guest threw or wrote, and its place in the
    source, are shown only with *debug*: they may be secrets of the handler.
    """
    if status is None:
        status = STATUS[error.code]
    body = {
        "type": "about:blank",
        "title": _PHRASES.get(status, "Unknown"),
        "status": status,
        "detail": _detail(error, debug=debug),
        "code": error.code,
        "handler": handler,
        "execution_id": execution_id,
    }
    if debug and isinstance(error, GuestError) and error.stack:
        body["stack"] = error.stack.split("\n")
    headers = [("Content-Type", "application/problem+json")]
    if isinstance(error, AdmissionError):
        headers.append(("Retry-After", str(error.retry_after_s)))
    if isinstance(error, MethodNotAllowed):
        headers.append(("Allow", ", ".join(error.allowed)))
    if isinstance(error, Unauthorized):
        headers.append(("WWW-Authenticate", error.challenge))
    return HttpResponse(status, headers, json.dumps(body).encode() + b"\n")


def _detail(error: NexusError, *, debug: bool) -> str:
    if isinstance(error, InternalError):
        return "internal error"
    if isinstance(error, GuestError) and error.quotes_guest and not debug:
        return _UNQUOTED[error.code]
    return str(error)


def refusal(error: NexusError, handler: str | None = None, status: int | None = None) -> Response:
    """Return Flask's response for *error*, with the header that names the outcome; see `problem`
    for *status*."""
    found = problem(error, handler, None, status=status)
    headers = [*found.headers, ("X-Nexus-Outcome", error.outcome.value)]
    return Response(found.body, found.status, headers)
