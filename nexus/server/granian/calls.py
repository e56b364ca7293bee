"""Brings granian's threads into Python by small requests to the worker's own socket.

granian starts its threads only for requests, and gives them no other work. Instances are warmed on
the threads that will use them, so a worker that starts sends itself one request for each thread.
All workers of a master listen on one socket: a connection that another worker accepted is closed,
and tried again.
"""

from __future__ import annotations

import logging
import secrets
import socket
import ssl
import threading
import time
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException
from typing import Any, Final

from nexus.server.granian.intake import CALL_HEADER

log = logging.getLogger("nexus.server")

GATHER_S: Final = 20.0
"""How long a worker tries to reach itself; then its instances are made by the first requests."""
_ANSWER_S: Final = 2.0
_PAUSE_S: Final = 0.01
_PATH: Final = "/healthz"
"""what another worker is asked if it accepts the connection"""


class Calls:
    """Calls to one listening socket, from one thread at a time."""

    def __init__(self, address: Any, *, tls: bool) -> None:
        self.secret = secrets.token_hex(16)
        self._address, self._tls = address, tls
        self._connection: HTTPConnection | None = None
        self._wanted = threading.Event()
        self._thread = threading.Thread(target=self._run, name="nexus-calls", daemon=True)

    def gather(self, enough: Callable[[], bool]) -> None:
        """Call until *enough*, or until it takes too long."""
        until = time.monotonic() + GATHER_S
        try:
            while not enough():
                if self._call():
                    continue
                if time.monotonic() > until:
                    log.warning("the worker cannot reach itself: it starts without warm instances")
                    return
                time.sleep(_PAUSE_S)
        finally:
            self._hang_up()

    def start(self) -> None:
        """Begin to answer `call_soon`."""
        self._thread.start()

    def call_soon(self) -> None:
        """Call once, on a thread of its own."""
        self._wanted.set()

    def _run(self) -> None:
        while True:
            self._wanted.wait()
            self._wanted.clear()
            self.gather(_Once())

    def _call(self) -> bool:
        """Call; return whether this worker took the call."""
        if self._connection is None:
            self._connection = _Connection(self._address, tls=self._tls)
        try:
            self._connection.request("GET", _PATH, headers={CALL_HEADER: self.secret})
            answer = self._connection.getresponse()
            answer.read()
            if answer.getheader(CALL_HEADER) == self.secret:
                return True
        except (OSError, HTTPException):  # another worker ends; the connection was idle too long
            pass
        self._hang_up()
        return False

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class _Once:
    """Says `enough` from the second time on, and so lets `gather` call once."""

    def __init__(self) -> None:
        self._asked = 0

    def __call__(self) -> bool:
        self._asked += 1
        return self._asked > 1


class _Connection(HTTPConnection):
    """A connection to a socket that this machine listens on."""

    def __init__(self, address: Any, *, tls: bool) -> None:
        super().__init__("localhost", timeout=_ANSWER_S)
        self._address, self._tls = address, tls

    def connect(self) -> None:
        if isinstance(self._address, str | bytes):
            sock = socket.socket(socket.AF_UNIX)
            sock.settimeout(_ANSWER_S)
            sock.connect(self._address)
        else:
            host, port = self._address[:2]
            host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
            sock = socket.create_connection((host, port), _ANSWER_S)
        if self._tls:
            context = ssl.create_default_context()
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE  # it is this process that answers
            sock = context.wrap_socket(sock)
        self.sock = sock
