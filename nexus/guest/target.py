"""Checks a request's target and Host once, for all later readers (RFC 9112 section 3, RFC 9110
section 7).

Target and Host become part of URLs and decide which handler runs, so every later reader must
understand them alike. `check_target` therefore rejects an ambiguous request and rewrites any other
to one form: an origin-form target, the Host that counts, a valid server name.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Final

from nexus.errors import InvalidArgument
from nexus.guest.authority import parse_authority

SERVER_WIDE: Final = "*"
"""the target of `OPTIONS *`, which asks about the whole server (RFC 9112 section 3.2.4)"""

_RAW_NAMES: Final = ("RAW_URI", "REQUEST_URI")  # gunicorn and others; neither is part of WSGI
_ABSOLUTE: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://([^/?#]*)(.*)", re.DOTALL)
_DOT_SEGMENT: Final = re.compile(r"(?:^|/)\.{1,2}(?:/|$)")
_DEFAULT_PORTS: Final = {"http": "80", "https": "443"}
_SHOWN_CHARACTERS: Final = 80


def check_target(environ: dict[str, Any]) -> None:
    """Check method, target and Host of a request, and bring *environ* into one form.

    Afterwards HTTP_HOST, if present and not empty, is a valid host with a valid port;
    the raw target is in origin form or `SERVER_WIDE`; PATH_INFO has no dot segments; SERVER_NAME
    and SERVER_PORT are valid in a URL.

    Raises: InvalidArgument, naming the value found and the values allowed.
    """
    if environ["REQUEST_METHOD"] == "CONNECT":
        raise InvalidArgument("the method is CONNECT; this server is no proxy")
    _check_host(environ)
    for name in _RAW_NAMES:
        target = environ.get(name)
        if target is not None:
            environ[name] = target if target[:1] == "/" else _origin_form(target, environ)
            _check_raw_path(environ[name])
    _check_path(environ.setdefault("PATH_INFO", ""), environ["REQUEST_METHOD"])
    scheme = environ.get("wsgi.url_scheme", "http")
    environ["SERVER_NAME"], environ["SERVER_PORT"] = _server(
        environ.get("SERVER_NAME", ""), environ.get("SERVER_PORT", ""), scheme
    )


def _check_host(environ: dict[str, Any]) -> None:
    host = environ.get("HTTP_HOST")
    if host is None:
        if environ.get("SERVER_PROTOCOL") == "HTTP/1.1":  # RFC 9112 section 3.2
            raise InvalidArgument("the request has no Host; HTTP/1.1 needs one")
    elif host and parse_authority(host) is None:
        raise InvalidArgument(_wrong_host("Host", host))


def _wrong_host(what: str, found: str) -> str:
    return (
        f"{what} is {_shown(found)}; allowed: a name, an IPv4 address or an IPv6 address in "
        "brackets, and optionally a colon and a port up to 65535"
    )


def _origin_form(target: str, environ: dict[str, Any]) -> str:
    """Return the absolute-form *target* in origin form, and make its authority the Host."""
    if target == SERVER_WIDE and environ["REQUEST_METHOD"] == "OPTIONS":
        return target
    matched = _ABSOLUTE.fullmatch(target)
    if matched is None:
        raise InvalidArgument(
            f"the request target is {_shown(target)}; allowed: a path that begins with '/', or a "
            "URL of this server"
        )
    scheme, authority, rest = matched.groups()
    served = environ.get("wsgi.url_scheme", "http")
    if scheme.lower() != served:
        raise InvalidArgument(
            f"the request target has the scheme {_shown(scheme)}; this connection serves {served}"
        )
    if parse_authority(authority) is None:
        raise InvalidArgument(_wrong_host("the request target's host", authority))
    environ["HTTP_HOST"] = authority  # replaces Host (RFC 9112 section 3.2.2)
    if not environ.get("SCRIPT_NAME") and not environ.get("PATH_INFO"):
        environ["PATH_INFO"] = "/"
    return rest if rest[:1] == "/" else f"/{rest}"


def _check_raw_path(target: str) -> None:
    if "#" in target:
        raise InvalidArgument("the request target has a '#'; encode it as %23")
    # The URL standard reads a backslash as a slash; CGI and routes do not.
    if "\\" in target and "\\" in target.partition("?")[0]:
        raise InvalidArgument("the request path has a backslash; encode it as %5C")


def _check_path(path: str, method: str) -> None:
    """Reject a decoded path that URL parsers or file systems read as a different path."""
    if path and path[0] != "/" and (path, method) != (SERVER_WIDE, "OPTIONS"):
        raise InvalidArgument(
            f"the request path is {_shown(path)}; allowed: one that begins with '/'"
        )
    if "\0" in path:
        raise InvalidArgument("the request path has a NUL; no handler can be given one")
    if "." in path and _DOT_SEGMENT.search(path):
        raise InvalidArgument(
            f"the request path is {_shown(path)}; allowed: one without the segments '.' and '..'"
        )


@lru_cache(maxsize=64)
def _server(name: str, port: str, scheme: str) -> tuple[str, str]:
    """Return a name and a port that are valid in a URL.

    For a Unix socket, servers pass its path as *name*; it becomes localhost.
    """
    if not port.isascii() or not port.isdigit():
        port = _DEFAULT_PORTS.get(scheme, "80")
    for host in (name, f"[{name}]"):  # WSGI writes IPv6 addresses without brackets, CGI with them
        found = parse_authority(host)
        if found is not None and found.host == host:
            return host, port
    return "localhost", port


def _shown(text: str) -> str:
    cut = text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"
    return repr(cut)
