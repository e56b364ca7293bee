"""CGI/1.1 requests (RFC 3875 section 4), with WAGI's additions so that its modules run unchanged.

WAGI's additions: https://github.com/deislabs/wagi/blob/main/docs/environment_variables.md and
`build_headers` in its `src/http_util.rs`. Nexus leaves out PATH_TRANSLATED, which would have to
name a file, and does not set SERVER_PORT to the port of the Host header.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from nexus.guest.authority import parse_authority
from nexus.guest.preview1.program import Program, list_arguments, name_is_valid
from nexus.model import Handler, HttpRequest
from nexus.plugin_api.capabilities import AUTHORIZATION

_COPIED: Final = ("AUTH_TYPE", "CONTENT_TYPE", "QUERY_STRING", "REMOTE_ADDR", "REMOTE_USER")
_CREDENTIALS: Final = frozenset({"HTTP_AUTHORIZATION", "HTTP_PROXY_AUTHORIZATION"})
_WITHHELD: Final = frozenset(
    {
        "HTTP_PROXY",  # https://httpoxy.org: libraries read it as their own configuration
        # about the connection, which guests do not see (RFC 3875 section 4.1.18)
        "HTTP_CONNECTION",
        "HTTP_KEEP_ALIVE",
        "HTTP_PROXY_CONNECTION",
        "HTTP_TE",
        "HTTP_TRAILER",
        "HTTP_TRANSFER_ENCODING",
        "HTTP_UPGRADE",
        # these two have variables of their own
        "HTTP_CONTENT_LENGTH",
        "HTTP_CONTENT_TYPE",
    }
)
_WITHHELD_TOO: Final = _WITHHELD | _CREDENTIALS
_PATH_SAFE: Final = "/:@!$&'()*+,;=~"  # RFC 3986 pchar: quoting leaves these characters alone


class CgiProgram(Program):
    """A request as the guest sees it: meta-variables, and the manifest's arguments."""

    def __init__(self, request: HttpRequest, handler: Handler) -> None:
        self._request = request
        self._handler = handler

    def list_arguments(self) -> list[bytes]:
        """Return the handler's name and the manifest's arguments, without any part of the request.

        With `args_from_query`, return the arguments that WAGI passes: the path instead of the name,
        the manifest's arguments, then each part of the query. Clients then choose arguments that
        can be options, code (`python -c`) or, as the program's name, its function (busybox).
        """
        handler = self._handler
        if not handler.args_from_query:
            return list_arguments(handler)
        meta = self._request.meta
        query = meta_text(meta, "QUERY_STRING")
        path = _raw_path(meta, meta_text(meta, "SCRIPT_NAME") + meta_text(meta, "PATH_INFO"))
        parts = query.split("&") if query else ()
        return [_bytes(path), *list_arguments(handler)[1:], *map(_bytes, parts)]

    def list_environment(self) -> list[bytes]:
        variables = environment(self._request, self._handler)
        return [f"{name}={value}".encode("latin-1") for name, value in variables.items()]


def environment(request: HttpRequest, handler: Handler) -> dict[str, str]:
    """Return the variables of *request* and of the manifest; where both set one, the manifest wins.

    Strings carry bytes as WSGI's do: one character per byte, for the caller to encode as Latin-1.
    The manifest's strings are UTF-8 in that form. Servers that do not shift the path pass a
    `PATH_INFO` that begins with the handler's route; any other `PATH_INFO` stays unchanged.
    """
    meta = request.meta
    script_name, path_info = _shifted(meta, handler.route)
    found = {name: meta_text(meta, name) for name in _COPIED}
    found["CONTENT_LENGTH"] = str(len(request.body))
    found["GATEWAY_INTERFACE"] = "CGI/1.1"
    found["PATH_INFO"] = path_info
    found["REMOTE_HOST"] = meta_text(meta, "REMOTE_HOST") or found["REMOTE_ADDR"]
    found["REQUEST_METHOD"] = meta_text(meta, "REQUEST_METHOD") or "GET"
    found["SCRIPT_NAME"] = script_name
    found["SERVER_NAME"] = server_name(meta)
    found["SERVER_PORT"] = meta_text(meta, "SERVER_PORT") or "80"
    found["SERVER_PROTOCOL"] = meta_text(meta, "SERVER_PROTOCOL") or "HTTP/1.1"
    found["SERVER_SOFTWARE"] = "Nexus"
    found.update(_wagi(meta, handler.route, script_name, path_info))
    found.update(_headers(meta, AUTHORIZATION in handler.capabilities))
    for name, value in handler.env.items():
        if name_is_valid(name):
            found[carried(name)] = carried(value)
    if request.scheduled is not None:
        found["NEXUS_CRON"] = request.scheduled.cron
        found["NEXUS_SCHEDULED_TIME"] = str(request.scheduled.due_ms)
    return {name: value for name, value in found.items() if "\0" not in name + value}


def _wagi(meta: Mapping[str, Any], route: str, script_name: str, path_info: str) -> dict[str, str]:
    raw_path = _raw_path(meta, script_name + path_info)
    raw_script = quote(script_name, safe=_PATH_SAFE, encoding="latin-1")
    raw_info = (
        raw_path[len(raw_script) :]
        if raw_path.startswith(raw_script)
        else quote(path_info, safe=_PATH_SAFE, encoding="latin-1")
    )
    query = meta_text(meta, "QUERY_STRING")
    return {
        "X_MATCHED_ROUTE": carried(route),
        "X_RAW_PATH_INFO": raw_info,
        "X_RELATIVE_PATH": raw_info.lstrip("/"),
        "X_FULL_URL": f"{origin(meta)}{raw_path}" + (f"?{query}" if query else ""),
    }


def _headers(meta: Mapping[str, Any], with_credentials: bool) -> dict[str, str]:
    withheld = _WITHHELD if with_credentials else _WITHHELD_TOO
    return {
        name: meta_text(meta, name)
        for name, value in meta.items()
        if name.startswith("HTTP_")
        and name not in withheld
        and name.isascii()
        and name_is_valid(name)
        and isinstance(value, str)
    }


def is_withheld(name: str, *, with_credentials: bool) -> bool:
    """Return whether a guest must not see the header that CGI calls *name*."""
    if name in (_WITHHELD if with_credentials else _WITHHELD_TOO):
        return True
    return not name.isascii() or not name_is_valid(name)


def raw_target(meta: Mapping[str, Any]) -> str:
    """Return path and query as the client sent them if the server passes them, else encode anew."""
    for name in ("RAW_URI", "REQUEST_URI"):
        raw = meta_text(meta, name)
        if raw.startswith("/"):
            return raw
    path = quote(
        meta_text(meta, "SCRIPT_NAME") + meta_text(meta, "PATH_INFO"),
        safe=_PATH_SAFE,
        encoding="latin-1",
    )
    query = meta_text(meta, "QUERY_STRING")
    return f"{path or '/'}?{query}" if query else path or "/"


def _shifted(meta: Mapping[str, Any], route: str) -> tuple[str, str]:
    """Move the route from PATH_INFO to SCRIPT_NAME."""
    script_name, path_info = meta_text(meta, "SCRIPT_NAME"), meta_text(meta, "PATH_INFO")
    prefix = carried(route).rstrip("/")
    rest = path_info[len(prefix) :]
    if path_info.startswith(prefix) and (not rest or rest.startswith("/")):
        return script_name + prefix, rest
    return script_name, path_info


def _raw_path(meta: Mapping[str, Any], path: str) -> str:
    """Return the path as the client sent it if the server passes it, else encode *path* anew."""
    for name in ("RAW_URI", "REQUEST_URI"):  # gunicorn and werkzeug; not part of CGI or WSGI
        raw = meta_text(meta, name)
        if raw.startswith("/"):
            return raw.partition("?")[0]
    return quote(path, safe=_PATH_SAFE, encoding="latin-1")


def server_name(meta: Mapping[str, Any]) -> str:
    """Return the host that the client asked for.

    SERVER_NAME is only the fallback: WSGI servers set it to the address they listen on.
    """
    asked_for = parse_authority(meta_text(meta, "HTTP_HOST"))
    return asked_for.host if asked_for else meta_text(meta, "SERVER_NAME") or "localhost"


def origin(meta: Mapping[str, Any]) -> str:
    """Return scheme, host and port of the URL the client asked for, without a slash at the end."""
    scheme = meta_text(meta, "wsgi.url_scheme") or "http"
    host = meta_text(meta, "HTTP_HOST")
    if parse_authority(host) is None:
        host = f"{server_name(meta)}:{meta_text(meta, 'SERVER_PORT') or '80'}"
    return f"{scheme}://{host}"


def meta_text(meta: Mapping[str, Any], name: str) -> str:
    """Return the variable *name* with one character per byte; empty if missing or not a string."""
    value = meta.get(name)
    if not isinstance(value, str):
        return ""
    # A server passes Latin-1 strings (PEP 3333); other callers pass text.
    return value if value.isascii() or max(value) <= "\xff" else carried(value)


def carried(text: str) -> str:
    """Return text as WSGI carries it: its UTF-8, one character for each byte (PEP 3333)."""
    return text.encode("utf-8", "replace").decode("latin-1")


def _bytes(text: str) -> bytes:
    return text.encode("latin-1")
