"""Extensions of this process, which answer at once."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any

from nexus.errors import is_interrupt
from nexus.model import ExtensionAnswer
from nexus.plugin_api.extensions import Extension, ExtensionError
from nexus.run import Execution, no_answer

log = logging.getLogger("nexus.suspension")


class Extensions:
    """Extensions by the names that guests use; an `ExtensionCaller` that never waits."""

    def __init__(self, known: Mapping[str, Extension]) -> None:
        self._known = known

    def __contains__(self, name: str) -> bool:
        return name in self._known

    def call(self, run: Execution, name: str, method: str, arguments: bytes) -> ExtensionAnswer:
        """Return the answer of the extension; an error if there is none called *name*."""
        extension = self._known.get(name)
        if extension is None:
            return no_answer(name)
        try:
            given = parse(arguments)
        except ValueError as error:
            return failure(f"the arguments are not JSON: {error}")
        run.give_way()
        try:
            value = extension.call(method, given)
            return ExtensionAnswer(True, json.dumps(value, allow_nan=False).encode())
        except ExtensionError as error:
            return failure(str(error))
        except BaseException as error:  # whatever a plugin may raise: the guest is told no details
            if is_interrupt(error):
                raise
            fields = {"extension": name, "execution_id": run.execution_id}
            log.exception("extension %s.%s failed", name, method, extra={"fields": fields})
            return failure(f"extension {name!r} failed")


def parse(text: bytes) -> Any:
    """Parse a JSON value. Raises: ValueError."""
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError("too deep") from error


def failure(message: str) -> ExtensionAnswer:
    """Return an answer that is an error for the guest."""
    return ExtensionAnswer(False, json.dumps(message).encode())
