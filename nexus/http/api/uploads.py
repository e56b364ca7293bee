"""Reads an uploaded handler: one file as the body, or several with a manifest as a form."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Final

from flask import Request
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.formparser import FormDataParser

from nexus.errors import InvalidArgument, PayloadTooLarge
from nexus.guest import Abis
from nexus.http.api.version_models import MOST_NOTE_CHARACTERS
from nexus.http.body import read_body
from nexus.versions.upload import MOST_FILES, Upload, lay_out

FORM: Final = "multipart/form-data"
SUFFIXES: Final = {
    "application/wasm": ".wasm",
    "text/javascript": ".js",
    "application/javascript": ".js",
    "text/x-python": ".py",
    "application/typescript": ".ts",
    "text/x-wat": ".wat",
}
"""Maps a Content-Type to the suffix of the handler's file."""
_FIELDS: Final = ("module", "files", "manifest", "note")
_ALLOWED: Final = ", ".join((*SUFFIXES, FORM))


@dataclass(frozen=True)
class Body:
    """A request's body, as it came."""

    mimetype: str
    options: dict[str, str]
    content: bytes


def read_upload_body(request: Request, *, limit_bytes: int, timeout_s: float) -> Body:
    """Return the body of *request*.

    Raises: InvalidArgument for a Content-Type that no handler has; PayloadTooLarge; RequestTimeout.
    """
    if request.mimetype != FORM and request.mimetype not in SUFFIXES:
        raise InvalidArgument(f"Content-Type: found {request.mimetype[:80]!r}, allowed: {_ALLOWED}")
    content = read_body(request.environ, limit_bytes, timeout_s)
    return Body(request.mimetype, dict(request.mimetype_params), content)


def read_upload(name: str, body: Body, abis: Abis, note: str) -> Upload:
    """Return the upload of handler *name* in *body*.

    Raises: InvalidArgument, PayloadTooLarge; InvalidHandler.
    """
    if body.mimetype != FORM:
        file = name + SUFFIXES[body.mimetype]
        return lay_out(name, {file: body.content}, b"", abis, note)
    files, texts = _parsed(body)
    manifest = files.pop("\0manifest", b"") or texts.get("manifest", "").encode()
    return lay_out(name, files, manifest, abis, texts.get("note", note)[:MOST_NOTE_CHARACTERS])


def _in_memory(
    total_content_length: int | None,
    content_type: str | None,
    filename: str | None,
    content_length: int | None = None,
) -> io.BytesIO:
    return io.BytesIO()


def _parsed(body: Body) -> tuple[dict[str, bytes], dict[str, str]]:
    """Return the form's files by their names, a manifest as `\\0manifest`, and its texts."""
    parser = FormDataParser(
        stream_factory=_in_memory,  # as the body is
        max_form_memory_size=len(body.content),
        max_form_parts=MOST_FILES + 10,
        silent=False,
    )
    stream = io.BytesIO(body.content)
    try:
        _, form, parts = parser.parse(stream, FORM, len(body.content), body.options)
    except RequestEntityTooLarge as error:
        raise PayloadTooLarge(len(body.content)) from error
    except ValueError as error:
        raise InvalidArgument(f"body: not a form: {error}") from error
    for key in (*form, *parts):
        if key not in _FIELDS:
            # werkzeug's types deny it, but a part without a name has None.
            found = f"the field {key[:80]!r}" if key else "a field without a name"
            raise InvalidArgument(f"body: found {found}, allowed: {', '.join(_FIELDS)}")
    files: dict[str, bytes] = {}
    for key, part in parts.items(multi=True):
        path = "\0manifest" if key == "manifest" else part.filename or ""
        if key == "module" and part.mimetype in SUFFIXES and "." not in path:
            path = "module" + SUFFIXES[part.mimetype]
        if path in files:
            raise InvalidArgument(f"body: two files are called {path[:80]!r}")
        files[path] = part.stream.read()
    texts = {key: form[key] for key in ("manifest", "note") if key in form}
    for key in ("module", "files"):
        if key in form:
            raise InvalidArgument(
                f"body: the field {key} has no filename, which tells its language"
            )
    return files, texts
