"""Outbound requests and their outcomes, as guests pass and get them.

A request is one line, a JSON object of `method`, `url`, `headers` and `redirect`, then the body. An
outcome is a JSON object, beside the response's body.
"""

from __future__ import annotations

import re
from typing import Any, Final

from nexus.guest.host.status import INVALID, Declined
from nexus.guest.json_text import parse_json, to_json
from nexus.model import (
    OutboundFailure,
    OutboundOutcome,
    OutboundPart,
    OutboundRequest,
    OutboundResponse,
)

_MOST_TEXT_BYTES: Final = 16 << 10
_TEXTUAL: Final = re.compile(r"^text/|[/+]json\b|[/+]xml\b|javascript|x-www-form-urlencoded", re.I)


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
        found.get("stream", False) is True,
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r:.80} is not a string")
    return value


def outcome_json(number: int, outcome: OutboundOutcome) -> bytes:
    """Return an outcome as JSON, without the response's body, whose length is in `size`."""
    if isinstance(outcome, OutboundFailure):
        return to_json({"number": number, "kind": outcome.kind.value, "message": outcome.message})
    fields: dict[str, Any] = {"number": number}
    if isinstance(outcome, OutboundResponse):
        fields |= {
            "url": outcome.url,
            "status": outcome.status,
            "reason": outcome.reason,
            "headers": outcome.headers,
            "redirected": outcome.redirected,
        }
    if outcome.more or isinstance(outcome, OutboundPart):
        fields["more"] = outcome.more
    return to_json({**fields, "size": len(outcome.body)})


def body_of(outcome: OutboundOutcome) -> bytes:
    """Return the body, or the part of it, that came with *outcome*."""
    return b"" if isinstance(outcome, OutboundFailure) else outcome.body


def is_short_text(outcome: OutboundOutcome) -> bool:
    """Return whether an answer's body is likely to be read as text, which the host decodes faster
    than a guest does. One that is read as bytes after all is encoded again."""
    if not isinstance(outcome, OutboundResponse) or len(outcome.body) > _MOST_TEXT_BYTES:
        return False
    kind = next((value for name, value in outcome.headers if name == "content-type"), "text/")
    if not _TEXTUAL.search(kind):
        return False
    try:
        outcome.body.decode()
    except UnicodeDecodeError:
        return False
    return True


def ended_request(ended: tuple[int, OutboundOutcome] | None) -> bytes:
    """Return an outcome as one line of JSON, then the response's body; `null` for None."""
    if ended is None:
        return b"null"
    return outcome_json(*ended) + b"\n" + body_of(ended[1])
