"""Reads what the guest answers, and writes what a WSGI application gets."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from typing import Final

from nexus.errors import (
    GuestError,
    GuestTrap,
    InvalidResponse,
    PermissionDenied,
)
from nexus.guest.own_limits import memory_limit, stack_limit
from nexus.guest.preview1.descriptors import LogOutput
from nexus.guest.python.channel import Output
from nexus.guest.wasi.cgi_request import environment
from nexus.model import Handler, HttpRequest
from nexus.plugin_api.guest import Run

_LIMITS: Final[dict[str, Callable[[], GuestError]]] = {
    "MemoryError": memory_limit,
    "RecursionError": stack_limit,
}
"""Maps the name of a Python exception to what makes the Nexus error with a code of its own."""


def wake_s(output: Output) -> float | None:
    """Return the seconds until the guest's next timer is due; None if it names no number."""
    try:
        found = json.loads(parts(output.content)[0])["waits"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InvalidResponse(f"the answer cannot be read as JSON: {error}") from error
    return float(found) if isinstance(found, (int, float)) else None


def parts(content: bytes | bytearray | memoryview) -> tuple[bytes, bytes]:
    """Return the first line of the guest's output, and the rest."""
    line, _, body = bytes(content).partition(b"\n")
    return line, body


def flat(pairs: Collection[tuple[str, str]]) -> str:
    """Return names and values with NULs between; pairs that have one themselves are left out."""
    text = "\0".join([part for pair in pairs for part in pair])
    if pairs and text.count("\0") >= 2 * len(pairs):
        return flat([pair for pair in pairs if "\0" not in pair[0] + pair[1]])
    return text


def meta(request: HttpRequest, handler: Handler) -> dict[str, str]:
    """Return the CGI variables for a WSGI application, with the handler's route as SCRIPT_NAME."""
    scheme = request.meta.get("wsgi.url_scheme")
    return {**environment(request, handler), "wsgi.url_scheme": str(scheme or "http")}


def failure(line: bytes, denied: str, run: Run) -> GuestError:
    """Return the error for the handler's exception, and write its traceback to the log.

    *denied*: the host's message for the last call that it denied.
    """
    try:
        found = json.loads(line)["error"]
        kind, message, trace = (str(found[key]) for key in ("type", "message", "trace"))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InvalidResponse(f"the error cannot be read as JSON: {error}") from error
    LogOutput(run).write_record(b"<3>", trace.encode("utf-8", "replace"))
    made: GuestError
    if denied and found.get("denied") == denied:
        made = PermissionDenied(denied)
    elif kind in _LIMITS:
        made = _LIMITS[kind]()
    else:
        made = GuestTrap(message)
        made.quotes_guest = True
    made.stack = trace
    return made
