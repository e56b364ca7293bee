"""Outbound requests and their outcomes, as guests pass and get them.

A request is one line, a JSON object of `method`, `url`, `headers` and `redirect`, then the body. An
outcome is a JSON object, beside the response's body.
"""

from __future__ import annotations

from typing import Any

from nexus.guest.host.status import INVALID, Declined
from nexus.guest.json_text import parse_json, to_json
from nexus.model import (
    OutboundFailure,
    OutboundOutcome,
    OutboundRequest,
    OutboundResponse,
)


def read_request(head: bytes, body: bytes) -> OutboundRequest:
    """Read a request's JSON. Raises: Declined."""
    try:
        return _request(parse_json(head), body)
    except (ValueError, TypeError, AttributeError) as error:
        raise Declined(INVALID, f"not an outbound request: {error}") from error


def _request(found: Any, body: bytes) -> OutboundRequest:
    headers = [(_text(name), _text(value)) for name, value in found.get("headers", [])]
    return OutboundRequest(
        _text(found.get("method", "GET")),
        _text(found.get("url")),
        headers,
        body,
        _text(found.get("redirect", "follow")),
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r:.80} is not a string")
    return value


def outcome_json(number: int, outcome: OutboundOutcome) -> bytes:
    """Return an outcome as JSON, without the response's body, whose length is in `size`."""
    if isinstance(outcome, OutboundFailure):
        return to_json({"number": number, "kind": outcome.kind.value, "message": outcome.message})
    return to_json(
        {
            "number": number,
            "url": outcome.url,
            "status": outcome.status,
            "reason": outcome.reason,
            "headers": outcome.headers,
            "redirected": outcome.redirected,
            "size": len(outcome.body),
        }
    )


def ended_request(ended: tuple[int, OutboundOutcome] | None) -> bytes:
    """Return an outcome as one line of JSON, then the response's body; `null` for None."""
    if ended is None:
        return b"null"
    outcome = ended[1]
    body = outcome.body if isinstance(outcome, OutboundResponse) else b""
    return outcome_json(*ended) + b"\n" + body
