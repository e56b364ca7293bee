"""A request's head as `dispatch` of the prelude takes it: one JSON text."""

from __future__ import annotations

import json
from functools import lru_cache

from nexus.guest.wasi.cgi_request import is_withheld, meta_text, raw_target, server_name
from nexus.model import Handler, HttpRequest

_OWN_NAMES = ("CONTENT_TYPE", "CONTENT_LENGTH")
"""headers that CGI and WSGI have without the prefix"""


def head_of(request: HttpRequest, handler: Handler) -> bytes:
    """Return method, URL, headers and the manifest's environment.

    Header values are bytes, one to a character, as WSGI and the Fetch standard have them. What a
    CGI guest does not get to see, JavaScript does not either.
    """
    meta = request.meta
    headers = [
        [_header_name(name), meta_text(meta, name)]
        for name, value in meta.items()
        if name.startswith("HTTP_") and isinstance(value, str) and not is_withheld(name, handler)
    ]
    for name in _OWN_NAMES:
        value = meta_text(meta, name)
        if value:
            headers.append([_header_name(name), value])
    scheme = meta_text(meta, "wsgi.url_scheme") or "http"
    host = meta_text(meta, "HTTP_HOST") or server_name(meta)
    head = {
        "method": meta_text(meta, "REQUEST_METHOD") or "GET",
        "url": f"{scheme}://{host}{raw_target(meta)}",
        "headers": headers,
        "env": dict(handler.env),
    }
    return json.dumps(head, separators=(",", ":")).encode()


@lru_cache(maxsize=1024)
def _header_name(name: str) -> str:
    return name.removeprefix("HTTP_").replace("_", "-").lower()
