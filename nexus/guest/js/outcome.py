"""Reads the outcome of a handler from the JSON text of `bootstrap.js`, as untrusted input."""

from __future__ import annotations

import json
from typing import Any, Final

from nexus.errors import GuestError, GuestTrap, InvalidResponse, PermissionDenied
from nexus.guest.js.errors import Thrown, answered_error, out_of_memory, own_calls
from nexus.guest.js.source_maps.places import Translate
from nexus.guest.preview1.descriptors import LogOutput
from nexus.plugin_api.guest import Run

ERROR: Final = b'{"error":'
WAIT: Final = b'{"wait":'
PENDING: Final = b'{"pending":true}'
EARLY: Final = b"+"
STREAM: Final = b"++"
"""begin a response after which the handler goes on, with its body or with other work"""
HEAD_END: Final = b"\n\n"
"""ends a response's head, before a text"""

NO_TIME: Final = "a timer of the handler is due at no time"
"""the message if the handler replaced the clock of timers, or the way to report it"""

_NO_ROOM: Final = Thrown("", "null", "")
"""thrown by QuickJS if memory has no room even for an error object; with room for only a part of
it, QuickJS throws an InternalError with some message"""


def wait_s(answer: bytes) -> float:
    """Return the seconds until the next timer is due. Raises: GuestTrap."""
    try:
        return float(json.loads(answer)["wait"] / 1000)
    except (ValueError, TypeError, ArithmeticError, RecursionError) as error:
        raise GuestTrap(NO_TIME) from error


def never_settles() -> GuestTrap:
    """Return the error for a pending promise that no job and no timer can settle."""
    return GuestTrap("the handler's promise never settles: nothing is left to run that could")


def is_full(memory_bytes: int, limit_bytes: int) -> bool:
    """Return whether a memory of *memory_bytes* has nearly grown to *limit_bytes*."""
    return 8 * memory_bytes > 7 * limit_bytes


def failure(
    answer: bytes, run: Run, denied: str, translate: Translate | None, *, full: bool
) -> GuestError:
    """Return the error for a value that a handler threw, and write its stack to the log.

    *denied*: the host's message for the last call that it denied; *translate* applies the
    handler's source maps, if it has any; *full*: whether memory is full.
    """
    thrown = answered_error(answer)
    if run.stopped is not None:  # then the host refuses calls, which throws: see `tell_where`
        trap = GuestTrap("the guest went on after its run was stopped")
        trap.stack = thrown.stack
        return trap
    if full and (thrown == _NO_ROOM or thrown.name == "InternalError"):
        thrown = out_of_memory(thrown)
    report = _logged(thrown.report(), run, translate)
    error = thrown.as_guest_error()
    if thrown.name == PermissionDenied.__name__ and thrown.message == denied:
        error = PermissionDenied(denied)
    error.stack = report
    return error


def tell_where(run: Run, stack: str, translate: Translate | None) -> None:
    """Log where in its source the handler was when *run* was stopped, and add it to the reason.

    *stack* is QuickJS's, or empty if it had none.
    """
    stopped = run.stopped
    calls = own_calls(stack)
    if not calls or not isinstance(stopped, GuestError):
        return
    report = "\n".join([f"{stopped.code}: {stopped}", *calls])
    stopped.stack = _logged(report, run, translate)


def _logged(report: str, run: Run, translate: Translate | None) -> str:
    """Write *report* to the log in terms of the original files, and return it so."""
    if translate is not None:
        report = translate(report)
    LogOutput(run).write_record(b"<3>", report.encode("utf-8", "replace"))
    return report


def value_of(answer: bytes, run: Run) -> Any:
    """Return the value in the *answer* of an execution. Raises: InvalidResponse."""
    limit = run.limits.max_response_bytes
    if len(answer) > limit:
        raise InvalidResponse(f"the value is longer than {limit} bytes as JSON")
    try:
        return json.loads(answer.decode("utf-8", "replace")).get("value")
    except (ValueError, AttributeError, RecursionError) as error:
        raise InvalidResponse(f"the value cannot be read as JSON: {error}") from error


def check_stopped(run: Run) -> None:
    """Raise the reason why *run* was stopped, if it was stopped."""
    stopped = run.stopped
    if stopped is None:
        return
    cause = stopped.__cause__
    if isinstance(cause, (KeyboardInterrupt, SystemExit)):
        raise cause  # it arrived during a host call, which must not raise
    raise stopped
