"""The socket of the management port: opened by gunicorn's master, inherited by its workers.

A new master that takes over from a running one (SIGUSR2) gets the old one's socket, like gunicorn's
main port.
"""

from __future__ import annotations

import os
import socket
from collections.abc import MutableMapping

from nexus.http.management import listen

_DESCRIPTOR = "GUNICORN_NEXUS_MANAGEMENT_FD"

_socket: socket.socket | None = None


def open_socket(address: str) -> None:
    """Open the socket on *address*, or take over the one that an old master passed on.

    Raises: ConfigError if it cannot listen there.
    """
    global _socket
    inherited = os.environ.pop(_DESCRIPTOR, None)
    if not address:
        return
    _socket = listen(address) if inherited is None else socket.socket(fileno=int(inherited))


def opened() -> socket.socket | None:
    """Return the socket that this process or its master opened; None if there is no address."""
    return _socket


def pass_on(environ: MutableMapping[str, str]) -> None:
    """Let the program that is about to be executed with *environ* take the socket over."""
    if _socket is not None:
        os.set_inheritable(_socket.fileno(), True)
        environ[_DESCRIPTOR] = str(_socket.fileno())
