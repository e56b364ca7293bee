"""The operator's proxy, which opens connections by CONNECT (RFC 9110 section 9.3.6).

Plain HTTP goes by a tunnel, too: a proxy that forwards requests replaces their header Host by the
URL's host, which is the checked address here. The modules of HTTP are imported when a handler
needs them.
"""

from __future__ import annotations

import contextlib
import re
import socket
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias
from urllib.parse import urlsplit

from nexus.errors import ConfigError
from nexus.outbound.target import read_host

Connect: TypeAlias = Callable[[str, int], socket.socket]
"""Returns a socket that is connected to an address and a port. Raises: OSError."""

_USER: Final = re.compile(r"[^:\x00-\x1f\x7f]{1,255}:[^\x00-\x1f\x7f]{0,255}")


class ProxyFailed(Exception):
    """The proxy did not open a connection; the message says why."""


@dataclass(frozen=True)
class Proxy:
    """The operator's proxy, from the settings."""

    host: str
    port: int
    authorization: str = ""
    """value of Proxy-Authorization; empty: not sent"""
    bypass: tuple[tuple[str, int | None], ...] = ()
    """hosts to which Nexus connects itself, as to all below them; port None: on all ports"""
    resolves: bool = False
    """whether the proxy gets names to resolve"""

    def serves(self, host: str, port: int) -> bool:
        """Return whether connections to *host* go by the proxy."""
        return not any(
            (name in ("*", host) or host.endswith(f".{name}")) and only in (None, port)
            for name, only in self.bypass
        )

    def open(self, host: str, port: int, connect: Connect) -> socket.socket:
        """Return a connection to *host*, by the proxy.

        Raises: ProxyFailed; TimeoutError; whatever *connect* raises besides OSError.
        """
        sock = self._reach(connect)
        try:
            status = self._ask(sock, f"[{host}]:{port}" if ":" in host else f"{host}:{port}")
            if not 200 <= status <= 299:
                raise ProxyFailed(f"the proxy answered {status}")
        except BaseException:
            sock.close()
            raise
        return sock

    def _reach(self, connect: Connect) -> socket.socket:
        """Connect to the first of the proxy's addresses that answers."""
        try:
            found = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise ProxyFailed("the proxy's name has no address") from error
        last: OSError | None = None
        for entry in found:
            try:
                return connect(str(entry[4][0]), self.port)
            except OSError as error:
                last = error
        if isinstance(last, TimeoutError):
            raise last
        raise ProxyFailed("no connection to the proxy") from last

    def _ask(self, sock: socket.socket, authority: str) -> int:
        """Ask for a tunnel, and return the answer's status."""
        from http.client import HTTPException, HTTPResponse

        lines = [f"CONNECT {authority} HTTP/1.1", f"Host: {authority}"]
        if self.authorization:
            lines.append(f"Proxy-Authorization: {self.authorization}")
        try:
            sock.sendall("\r\n".join([*lines, "", ""]).encode("ascii"))
            with contextlib.closing(HTTPResponse(sock, method="CONNECT")) as answer:
                answer.begin()
                return answer.status
        except TimeoutError:
            raise
        except (OSError, HTTPException, ValueError) as error:
            raise ProxyFailed("the proxy did not answer in HTTP") from error


def proxy_of(url: str, auth_file: str, bypass: str, *, resolves: bool) -> Proxy | None:
    """Return the proxy that the settings name, or None if they name no proxy.

    Raises: ConfigError if its credentials cannot be read, which it never quotes, or *bypass* names
    what is not a host.
    """
    if not url:
        return None
    parts = urlsplit(url)
    assert parts.hostname is not None  # the setting's type has checked both
    assert parts.port is not None
    authorization = _authorization(Path(auth_file)) if auth_file else ""
    passed = tuple(_passed(entry) for entry in bypass.split(",") if entry)
    return Proxy(parts.hostname, parts.port, authorization, passed, resolves)


def _passed(entry: str) -> tuple[str, int | None]:
    if entry == "*":
        return entry, None
    try:
        return read_host(entry.removeprefix("."))
    except ValueError as error:
        raise ConfigError([f"http_proxy_bypass: {error}"]) from error


def _authorization(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8").strip()
    except UnicodeDecodeError:
        text = ""
    except OSError as error:
        raise ConfigError(
            [f"http_proxy_auth_file: cannot read {path}: {error.strerror}"]
        ) from error
    if not _USER.fullmatch(text):
        raise ConfigError(
            [f"http_proxy_auth_file: {path}: found {len(text)} characters, allowed: USER:PASSWORD"]
        )
    return f"Basic {b64encode(text.encode()).decode()}"
