"""Host calls of JavaScript guests: a descriptor takes a message and returns the answer.

A message is one line, a JSON array of strings with the call's name and its words; if the call takes
a value, the value follows the line as JSON. An answer is a status (one signed byte), a length (four
bytes, little-endian) and content of that length, in JSON: the result, a question's number if its
answer comes later, or a message if the host declined the call.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Final

from nexus.guest.host.framed import Framed
from nexus.guest.host.key_value import PREFIX as KEY_VALUE
from nexus.guest.host.outbound import ended_request, read_request
from nexus.guest.host.services import Services
from nexus.guest.host.status import DEFERRED, FAILED, INVALID, OK, Declined
from nexus.guest.json_text import parse_json, to_json
from nexus.model import Deferred

_DONE: Final = b"null"
_MOST_WORDS_BYTES: Final = 16 << 10  # up to three names, each character in up to 12 bytes of JSON

_MOST_HEAD_BYTES: Final = 256 << 10
"""the first line of an outbound request; its URL and headers have smaller limits of their own"""


class Messages(Framed):
    """Answers each message that the guest writes to it."""

    def __init__(self, services: Callable[[], Services]) -> None:
        """Ask *services* for the services of the current execution, once per message."""
        super().__init__()
        self._services = services

    def write(self, content: memoryview) -> None:
        services = self._services()
        try:
            status, answer = self.answer(services, content)
        except Declined as declined:
            status, answer = declined.status, json.dumps(declined.message).encode()
        self.reply(status, answer)

    def answer(self, services: Services, content: memoryview) -> tuple[int, bytes]:
        """Return status and content of the answer to a message. Raises: Declined."""
        return _answered(services, content)


class OutboundMessages(Messages):
    """Starts an outbound request with each message (`outbound.py`); the answer is its number."""

    def answer(self, services: Services, content: memoryview) -> tuple[int, bytes]:
        services.limit_outbound(len(content) - _MOST_HEAD_BYTES)
        line, _, body = bytes(content).partition(b"\n")
        return OK, to_json(services.start_outbound(read_request(line, body)))


def _answered(services: Services, content: memoryview) -> tuple[int, bytes]:
    services.limit_message(len(content) - _MOST_WORDS_BYTES)
    line, _, value = bytes(content).partition(b"\n")
    try:
        words = parse_json(line)
    except ValueError as error:
        raise Declined(INVALID, "the first line of the message is not JSON") from error
    match words:
        case ["ext_call", str(name), str(method)]:
            called = services.call_extension(name, method, value)
            if isinstance(called, Deferred):
                return DEFERRED, to_json(called.number)
            return (OK if called.ok else FAILED), called.value
        case [str(name), *_] if name.startswith(KEY_VALUE):
            return OK, services.key_value(words, value)
        case _:
            return OK, _call(services, words, value)


def _call(services: Services, words: object, value: bytes) -> bytes:
    match words:
        case ["state_get", str(key)]:
            return services.state_get(key)
        case ["state_has", str(key)]:
            return to_json(services.state_has(key))
        case ["state_keys"]:
            return to_json(services.state_keys())
        case ["state_set", str(key)]:
            services.state_set(key, value)
        case ["state_delete", str(key)]:
            services.state_delete(key)
        case ["emit", str(name)]:
            services.emit(name, value)
        case ["http_wait", int() | float() as ms]:
            return ended_request(services.wait_outbound(None if ms < 0 else ms / 1000))
        case ["http_read", int(number)]:
            services.read_outbound(number)
        case ["http_cancel", int(number)]:
            services.cancel_outbound(number)
        case ["view", str(command), str(view)]:
            services.view(command, view, value)
        case _:
            raise Declined(INVALID, "there is no such call")
    return _DONE
