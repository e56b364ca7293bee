"""Answers the messages of the guest's `crypto.subtle`.

Messages have a field `op`. An answer's status is 0, or 1 for a DOMException; its content is a line
of JSON and bytes. The guest is hostile, its JSON can be anything.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from nexus.guest.host.framed import Framed, split_message
from nexus.guest.host.services import Services
from nexus.guest.js.webcrypto.failure import OPERATION, Failure
from nexus.guest.js.webcrypto.key_table import KeyTable
from nexus.plugin_api.guest import Run

_KEYS = "webcrypto"
_DONE, _FAILED = 0, 1


class CryptoService(Framed):
    """Answers each message that the guest writes to it."""

    run: Run
    """the run under way; it may be stopped for lack of time"""

    def __init__(self, services: Callable[[], Services], *, shows_keys: bool) -> None:
        """Keep keys in *services*, which follow an execution that is suspended. *shows_keys*:
        return the bytes of each key that a guest imports; set-up's snapshot must hold them."""
        super().__init__()
        self._services, self._shows_keys = services, shows_keys

    def write(self, content: memoryview) -> None:
        try:
            line, found = self._call(*split_message(content))
            self.reply(_DONE, json.dumps(line).encode() + b"\n" + found)
        except Failure as failure:
            error = {"name": failure.name, "message": failure.message}
            self.reply(_FAILED, json.dumps(error).encode() + b"\n")

    def _call(self, fields: dict[str, Any], pieces: list[bytes]) -> tuple[Any, bytes]:
        from nexus.guest.js.webcrypto.calls import CALLS, Call

        keys = self._services().kept.setdefault(_KEYS, KeyTable())
        try:
            call = CALLS[fields["op"]]
            return call(Call(self.run, keys, fields, pieces, self._shows_keys))
        except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
            raise Failure(OPERATION, f"the host cannot do this: {error!r}") from error
