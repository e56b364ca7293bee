"""Checks that the server can listen on its addresses, and reports each that it cannot in one line.

gunicorn alone would try for five seconds and log fifteen lines.
"""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterable

from nexus.errors import ConfigError

_INHERITED = ("GUNICORN_FD", "LISTEN_FDS")
"""Environment variables by which systemd, or a master that is being replaced, passes sockets on;
if one is set, the addresses are taken already and are not checked."""


def check_addresses(addresses: Iterable[object]) -> None:
    """Try to bind each of gunicorn's *addresses* that is a host with a port.

    Raises: ConfigError with a line for each that cannot be bound.
    """
    if any(name in os.environ for name in _INHERITED):
        return
    problems = [
        problem
        for address in addresses
        if isinstance(address, tuple) and (problem := _problem(*address[:2]))
    ]
    if problems:
        raise ConfigError(problems)


def _problem(host: str, port: int) -> str | None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as gunicorn does
            probe.bind((host, port))
    except OSError as error:
        shown = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        if error.errno == errno.EADDRINUSE:
            return f"bind: another process listens on {shown}; allowed: an address that is free"
        return (
            f"bind: cannot listen on {shown} ({error.strerror}); allowed: an address of this "
            "machine and a port that this user may take"
        )
    return None
