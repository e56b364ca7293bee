"""A request's head as JSON, in the form that JavaScript's prelude and Python's boot code expect."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from nexus.guest.preview1.clocks import REALTIME, RESOLUTION_NS, exact_time_ns
from nexus.guest.wasi.cgi_request import (
    carried,
    is_withheld,
    meta_text,
    origin,
    raw_target,
)
from nexus.model import Handler, HttpRequest
from nexus.plugin_api.capabilities import AUTHORIZATION

_encode = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode
_OWN_NAMES = ("CONTENT_TYPE", "CONTENT_LENGTH")
"""headers that CGI and WSGI name without the prefix HTTP_"""


def head_of(request: HttpRequest, handler: Handler, *, streams: bool = False) -> list[bytes]:
    """Return a request's head in five texts: method, URL, headers, what else `fields_of` returns as
    JSON, if there is anything, and the time in milliseconds since 1970.

    The headers are lines `name:value`, each after a line feed, and a line feed at the end; or JSON,
    if a value has a line feed.

    *streams*: the body of the answer may leave piece by piece.
    """
    meta = request.meta
    headers = _headers(meta, handler)
    lines = "".join([f"\n{name}:{value}" for name, value in headers]) + "\n"
    if lines.count("\n") != len(headers) + 1:
        lines = _encode(headers)
    more = _others(request, handler)
    if handler.env:
        more["env"] = dict(handler.env)
    if streams:
        more["stream"] = True
    return [
        _method(meta).encode("utf-8", "surrogatepass"),
        _url(meta, handler).encode("utf-8", "surrogatepass"),
        lines.encode("utf-8", "surrogatepass"),
        _encode(more).encode() if more else b"",
        b"%d" % (exact_time_ns(REALTIME) // RESOLUTION_NS),
    ]


def fields_of(request: HttpRequest, handler: Handler) -> dict[str, Any]:
    """Return method, URL, headers and the manifest's environment.

    Header values carry one byte per character, as in WSGI and the Fetch standard. Headers that are
    hidden from CGI guests are hidden from JavaScript as well.
    """
    meta = request.meta
    return {
        "method": _method(meta),
        "url": _url(meta, handler),
        "headers": _headers(meta, handler),
        "env": dict(handler.env),
        **_others(request, handler),
    }


def _method(meta: Mapping[str, Any]) -> str:
    return meta_text(meta, "REQUEST_METHOD") or "GET"


def _url(meta: Mapping[str, Any], handler: Handler) -> str:
    return f"{origin(meta)}{_target(meta, handler)}"


def _headers(meta: Mapping[str, Any], handler: Handler) -> list[tuple[str, str]]:
    with_credentials = AUTHORIZATION in handler.capabilities
    headers = [
        (shown, value if value.isascii() else meta_text(meta, name))
        for name, value in meta.items()
        if name.startswith("HTTP_")
        and isinstance(value, str)
        and (shown := _header_name(name, with_credentials))
    ]
    for name in _OWN_NAMES:
        value = meta_text(meta, name)
        if value:
            headers.append((_header_name(name, with_credentials), value))
    return headers


def _others(request: HttpRequest, handler: Handler) -> dict[str, Any]:
    """Return what few requests have."""
    found: dict[str, Any] = {}
    if handler.kv:
        found["kv"] = True
    if request.scheduled is not None:
        found["scheduled"] = request.scheduled._asdict()
    if handler.files is not None:
        found["assets"] = True
    return found


def _target(meta: Mapping[str, Any], handler: Handler) -> str:
    """Return the raw target; below the route, if the handler wants that."""
    target = raw_target(meta)
    if not handler.strip_prefix or not target.startswith("/"):
        return target
    prefix = meta_text(meta, "SCRIPT_NAME") + carried(handler.route).rstrip("/")
    at = 0
    for _ in prefix:  # each character of the decoded path is one byte
        at += 3 if target[at : at + 1] == "%" else 1
    rest = target[at:]
    return rest if rest.startswith("/") else f"/{rest}"


@lru_cache(maxsize=1024)
def _header_name(name: str, with_credentials: bool) -> str:
    """Return the header's name; empty if a handler must not see the header."""
    if is_withheld(name, with_credentials=with_credentials):
        return ""
    return name.removeprefix("HTTP_").replace("_", "-").lower()
