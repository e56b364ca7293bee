"""Sends datagrams, whether or not an agent listens."""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Iterable

from nexus_statsd.options import Options

log = logging.getLogger("nexus.plugins.statsd")

LOOK_AGAIN_S = 60.0
"""How long an address is used before the agent's name is looked up again: an agent may move."""


class Transport:
    """One socket, for one thread at a time. Counts the datagrams that it cannot send at once."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self.most_bytes = options.datagram_bytes
        self.dropped = 0
        """number of datagrams that were dropped"""
        self._socket: socket.socket | None = None
        self._until = 0.0  # monotonic seconds
        self._failing = False

    def send(self, datagrams: Iterable[bytes]) -> None:
        """Send the *datagrams*; drop those that cannot be sent at once. Never raises, and waits
        only for the look-up of a name."""
        for datagram in datagrams:
            try:
                self._connected().send(datagram)
            except OSError as error:
                self.dropped += 1
                self._forget()
                self._say(error)
            else:
                self._say(None)

    def close(self) -> None:
        """Close the socket."""
        self._forget()

    def _connected(self) -> socket.socket:
        now = time.monotonic()
        if self._socket is not None and now < self._until:
            return self._socket
        self._forget()
        self._socket, self._until = self._connect(), now + LOOK_AGAIN_S
        return self._socket

    def _connect(self) -> socket.socket:
        options = self._options
        if options.socket:
            return _open(socket.AF_UNIX, options.socket)
        found = socket.getaddrinfo(options.host, options.port, type=socket.SOCK_DGRAM)
        family, _, _, _, address = found[0]
        return _open(family, address)

    def _forget(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _say(self, error: OSError | None) -> None:
        """Log only when sending begins to fail and when it works again: an agent may be down for
        hours."""
        if (error is not None) == self._failing:
            return
        self._failing = error is not None
        target = self._options.socket or f"{self._options.host}:{self._options.port}"
        if error is not None:
            log.warning("the StatsD agent at %s is not there: %s; metrics are lost", target, error)
        else:
            log.info("the StatsD agent at %s is there again; %d lost", target, self.dropped)


def _open(family: int, address: object) -> socket.socket:
    found = socket.socket(family, socket.SOCK_DGRAM)
    try:
        found.setblocking(False)
        found.connect(address)  # type: ignore[arg-type]  # its form depends on the family
    except BaseException:
        found.close()
        raise
    return found
