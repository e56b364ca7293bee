"""The WSGI environment (PEP 3333) of a request that granian parsed."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from nexus.errors import InvalidArgument

_PROTOCOLS: Final = {"1": "HTTP/1.0", "1.1": "HTTP/1.1", "2": "HTTP/2"}
_PORTS: Final = {"http": "80", "https": "443"}
_NOT_UTF8: Final = "\N{REPLACEMENT CHARACTER}"


class Environs:
    """Makes the environments of one listener's requests."""

    def __init__(
        self,
        script_name: str,
        *,
        multiprocess: bool,
        trusted: frozenset[str] = frozenset(),
        secure_headers: Mapping[str, str] | None = None,
    ) -> None:
        """*trusted*: the addresses of proxies, `*` for any, whose *secure_headers* (name in lower
        case: value) say that the client used https."""
        self._script_name = script_name.rstrip("/")
        self._trusted = trusted
        self._secure = {
            variable: value
            for name, value in (secure_headers or {}).items()
            if (variable := _variable(name)) is not None
        }
        self._base: dict[str, Any] = {
            "wsgi.version": (1, 0),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": multiprocess,
            "wsgi.run_once": False,
            "wsgi.input_terminated": True,
            "SERVER_SOFTWARE": "granian",
            "SCRIPT_NAME": self._script_name,
        }

    def make(self, scope: Any) -> dict[str, Any]:
        """Return the environment of granian's *scope*, without `wsgi.input`.

        Raises: InvalidArgument if the path cannot be told exactly.
        """
        environ = self._base.copy()
        environ["REQUEST_METHOD"] = scope.method
        environ["SERVER_PROTOCOL"] = _PROTOCOLS.get(scope.http_version, "HTTP/1.1")
        environ["QUERY_STRING"] = scope.query_string
        environ["PATH_INFO"] = self._path(scope.path)
        remote, port = _address(scope.client)
        environ["REMOTE_ADDR"], environ["REMOTE_PORT"] = remote, port
        name, environ["SERVER_PORT"] = _server_address(scope.server)
        environ["SERVER_NAME"] = name
        scheme = scope.scheme
        add_headers(environ, scope.headers.items())
        authority = scope.authority
        if authority is not None:  # replaces Host (RFC 9112 section 3.2.2)
            environ["HTTP_HOST"] = authority
        if remote in self._trusted or "*" in self._trusted:
            for variable, value in self._secure.items():
                if environ.get(variable) == value:
                    scheme = "https"
        environ["wsgi.url_scheme"] = scheme
        if not environ["SERVER_PORT"]:
            environ["SERVER_PORT"] = _PORTS.get(scheme, "80")
        return environ

    def _path(self, path: str) -> str:
        """Return PATH_INFO: the bytes of *path* as Latin-1, below the prefix."""
        if not path.isascii():
            # granian decodes the path as UTF-8 and replaces wrong bytes: two paths could be one.
            if _NOT_UTF8 in path:
                raise InvalidArgument("the request path is not UTF-8; allowed: UTF-8, %-encoded")
            path = path.encode().decode("latin-1")
        prefix = self._script_name
        if prefix and (path == prefix or path.startswith(f"{prefix}/")):
            return path[len(prefix) :]
        return path


def remote_of(scope: Any) -> str:
    """Return the address of the client of granian's *scope*, without its port."""
    return _address(scope.client)[0]


def add_headers(environ: dict[str, Any], headers: list[tuple[str, str]]) -> None:
    """Add *headers* to *environ*. Several with one name are joined: cookies by semicolons
    (RFC 6265 section 4.2), others by commas."""
    for name, value in headers:
        variable = _variable(name)
        if variable is None:
            continue
        if variable in environ:
            mark = "; " if variable == "HTTP_COOKIE" else ","
            environ[variable] = f"{environ[variable]}{mark}{value}"
        else:
            environ[variable] = value


@lru_cache(maxsize=512)
def _variable(name: str) -> str | None:
    """Return the variable of a header, or None for a name with an underscore: the variable would be
    that of another header, which a proxy may have checked."""
    if "_" in name:
        return None
    variable = name.upper().replace("-", "_")
    return variable if variable in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{variable}"


def _address(address: str) -> tuple[str, str]:
    """Return host and port of granian's *address*; a Unix socket's has neither."""
    host, colon, port = address.rpartition(":")
    if not colon or not port.isdigit():
        return "", ""
    return host.strip("[]"), port


_server_address = lru_cache(maxsize=64)(_address)
