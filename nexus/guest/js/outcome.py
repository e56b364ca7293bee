"""What a handler came to: the JSON text of `bootstrap.js`, read as what it is."""

from __future__ import annotations

import json
from typing import Any, Final

from nexus.errors import GuestError, GuestTrap, InvalidResponse, PermissionDenied
from nexus.guest.js.errors import OUT_OF_MEMORY, Thrown, answered_error
from nexus.guest.preview1.descriptors import LogOutput
from nexus.plugin_api.guest import Run

ERROR: Final = b'{"error":'
WAIT: Final = b'{"wait":'
PENDING: Final = b'{"pending":true}'

NO_TIME: Final = "a timer of the handler is due at no time"
"""where the handler replaced what timers count with, or how that is told"""

_NO_ROOM: Final = Thrown("", "null", "")
"""what QuickJS throws where there is not even room for an error; where there is not room for all
of it, it is an InternalError with some message"""


def wait_s(answer: bytes) -> float:
    """How long to wait for the next timer. Raises: GuestTrap."""
    try:
        return float(json.loads(answer)["wait"] / 1000)
    except (ValueError, TypeError, ArithmeticError, RecursionError) as error:
        raise GuestTrap(NO_TIME) from error


def never_settles() -> GuestTrap:
    """The error where a promise is pending and nothing is left that could settle it."""
    return GuestTrap("the handler's promise never settles: nothing is left to run that could")


def is_full(memory_bytes: int, limit_bytes: int) -> bool:
    """Tell whether a memory has nearly grown to where it may."""
    return 8 * memory_bytes > 7 * limit_bytes


def failure(answer: bytes, run: Run, denied: str, *, full: bool) -> GuestError:
    """The error for what a handler threw; its stack goes to the log. *denied*: what the host said
    to the last call that it denied; *full*: whether the memory is."""
    thrown = answered_error(answer)
    if full and (thrown == _NO_ROOM or thrown.name == "InternalError"):
        thrown = OUT_OF_MEMORY
    report = thrown.report()
    lines = report.encode("utf-8", "replace").split(b"\n")
    LogOutput(run).write(memoryview(b"".join(b"<3>%s\n" % line for line in lines)))
    error = thrown.as_guest_error()
    if thrown.name == PermissionDenied.__name__ and thrown.message == denied:
        error = PermissionDenied(denied)
    error.stack = report
    return error


def value_of(answer: bytes, run: Run) -> Any:
    """The value of an execution that has come to one. Raises: InvalidResponse."""
    limit = run.limits.max_response_bytes
    if len(answer) > limit:
        raise InvalidResponse(f"the value is longer than {limit} bytes as JSON")
    try:
        return json.loads(answer.decode("utf-8", "replace")).get("value")
    except (ValueError, AttributeError, RecursionError) as error:
        raise InvalidResponse(f"the value cannot be read as JSON: {error}") from error


def check_stopped(run: Run) -> None:
    """Raises: why *run* was stopped, if it was."""
    stopped = run.stopped
    if stopped is None:
        return
    cause = stopped.__cause__
    if isinstance(cause, (KeyboardInterrupt, SystemExit)):
        raise cause  # it arrived during a host call, where it could not be raised
    raise stopped
