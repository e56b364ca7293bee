"""Answers of handlers that are only a folder of files: no guest runs for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote

from nexus.errors import InternalError, MethodNotAllowed
from nexus.guest.files.assets import METHODS, Answer, Part, answer
from nexus.guest.files.mounts import open_mount
from nexus.guest.preview1.errno import Refused
from nexus.model import Handler, HttpResponse

PIECE_BYTES: Final = 256 << 10
"""a longer body leaves in pieces of this size, read one after another"""

_HEADERS: Final = {
    "if-none-match": "HTTP_IF_NONE_MATCH",
    "if-range": "HTTP_IF_RANGE",
    "range": "HTTP_RANGE",
}


def static_response(
    handler: Handler, environ: Mapping[str, Any]
) -> tuple[HttpResponse, Part | None]:
    """Answer from the files of *handler*. The second value is a body to send with `pieces()`.

    Raises: MethodNotAllowed; InternalError if the host cannot read a file.
    """
    method = environ["REQUEST_METHOD"]
    if method not in METHODS:
        raise MethodNotAllowed(method, METHODS)
    assert handler.static is not None
    route = handler.route.rstrip("/")
    path = environ["PATH_INFO"][len(route) :].encode("latin-1")
    prefix = quote(environ.get("SCRIPT_NAME", "").encode("latin-1")) + route
    query = environ.get("QUERY_STRING", "")
    headers = {name: environ[key] for name, key in _HEADERS.items() if key in environ}
    try:
        root = open_mount(handler.static)
        found = answer(root, method, path, headers, query=query, prefix=prefix)
        return _response(found, is_head=method == "HEAD")
    except Refused as refused:
        raise InternalError(f"the files cannot be read (WASI error {refused.errno})") from refused


def _response(found: Answer, *, is_head: bool) -> tuple[HttpResponse, Part | None]:
    status, fields, part = found
    response = HttpResponse(status, fields, b"")
    if part is None:
        response.length = None if status == 304 else 0
        return response, None
    if is_head:
        response.length = part.length
        return response, None
    if part.length > PIECE_BYTES:
        response.length = part.length
        return response, part
    response.body = part.file.read(part.start, part.length)
    return response, None


def pieces(part: Part) -> Iterator[bytes]:
    """Yield the pieces of a body, up to its announced length."""
    file, start, left = part
    while left and (piece := file.read(start, min(left, PIECE_BYTES))):
        yield piece
        start, left = start + len(piece), left - len(piece)
