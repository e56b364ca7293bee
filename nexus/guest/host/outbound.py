"""Outbound requests of guests that pass them as messages.

A message is one line, a JSON object of `method`, `url`, `headers` and `redirect`, then the body.
The answer is like that of `messages.py`, with the request's number. The outcome comes to the guest
later, as a JSON object beside the response's body.
"""

from __future__ import annotations

from typing import Any, Final

from nexus.guest.host.messages import Messages
from nexus.guest.host.services import Services
from nexus.guest.host.status import INVALID, OK, Declined
from nexus.guest.json_text import parse_json, to_json
from nexus.model import OutboundFailure, OutboundOutcome, OutboundRequest

_HEAD_BYTES: Final = 256 << 10
"""the most of a message's first line; URL and headers have smaller limits of their own"""


class OutboundMessages(Messages):
    """Starts the request of each message that the guest writes to it."""

    def answer(self, services: Services, content: memoryview) -> tuple[int, bytes]:
        services.limit_outbound(len(content) - _HEAD_BYTES)
        line, _, body = bytes(content).partition(b"\n")
        return OK, to_json(services.start_outbound(read_request(line, body)))


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
