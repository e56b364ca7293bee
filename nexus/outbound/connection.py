"""Connections to checked addresses, for urllib3: TLS and the header Host alone use the name."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from nexus.outbound.proxy import Proxy, ProxyFailed
from nexus.outbound.reading import Answer, NeedsThread, current
from nexus.outbound.resolver import Place

Addresses: TypeAlias = Callable[[str, int], Sequence[Place]]
"""Returns the addresses to connect to. Raises: OSError, AddressDenied."""

IDLE_S: Final = 15.0
"""A connection that was idle longer is not used again: many servers close theirs then"""
LIFE_S: Final = 300.0
"""A connection older than this is not used again: the name may have other addresses by now"""


class _Checked(HTTPConnection):
    """A connection that its pool makes for one exchange, and keeps for others."""

    response_class = Answer

    def __init__(
        self, *args: Any, addresses: Addresses, proxied_by: Proxy | None, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self._addresses, self._proxied_by = addresses, proxied_by
        self._is_checked = False
        self._made_at = self._used_at = 0.0
        self.requests = 0
        """how many requests it has carried since it was opened"""

    def _new_conn(self) -> socket.socket:
        if current.exchange.waits is not None:
            raise NeedsThread
        try:
            addresses = self._addresses(self.host, self.port)
        except OSError as error:
            reason = error if isinstance(error, socket.gaierror) else socket.gaierror(str(error))
            raise NameResolutionError(self.host, self, reason) from error
        end = None if self.timeout is None else time.monotonic() + self.timeout
        sock = self._connect(addresses, end)
        self._is_checked, self.requests = True, 0
        self._made_at = self._used_at = time.monotonic()
        return sock

    def _connect(self, addresses: Sequence[Place], end: float | None) -> socket.socket:
        """Connect to the first address that answers; each gets its part of the time left."""
        for left in range(len(addresses), 0, -1):
            timeout = None
            if end is not None:
                timeout = max(end - time.monotonic(), 0.001) / left
            try:
                return self._open(str(addresses[-left]), timeout)
            except ProxyFailed:
                if left == 1:
                    raise
            except TimeoutError as error:
                if left == 1:
                    raise ConnectTimeoutError(self, "no answer") from error
            except OSError as error:
                if left == 1:
                    raise NewConnectionError(self, error.strerror or str(error)) from error
        raise AssertionError("there is an address")  # `checked_addresses` never returns none

    def _open(self, place: str, timeout: float | None) -> socket.socket:
        """Connect to an address, or by the proxy. Raises: OSError, ProxyFailed."""
        if self._proxied_by is None:
            return _connected(place, self.port, timeout)
        return self._proxied_by.open(
            place, self.port, lambda address, port: _connected(address, port, timeout)
        )

    @property
    def is_connected(self) -> bool:
        """Return whether it may be used again."""
        now = time.monotonic()
        fresh = now - self._used_at < IDLE_S and now - self._made_at < LIFE_S
        return fresh and super().is_connected

    def request(self, *args: Any, **options: Any) -> None:
        if self.sock is None:
            self.connect()
        if not self._is_checked:  # urllib3 would have connected in a way that is not known here
            raise AssertionError("a connection to an address that nobody has checked")
        self.requests += 1
        current.exchange.attach(self.sock, reused=self.requests > 1)
        super().request(*args, **options)

    def close(self) -> None:
        self._is_checked = False
        super().close()

    def detach(self) -> None:
        """Prepare for another exchange: the pool takes it back."""
        self._used_at = time.monotonic()
        current.exchange.detach()


class _CheckedTls(_Checked, HTTPSConnection):
    """The same over TLS."""


def _connected(address: str, port: int, timeout: float | None) -> socket.socket:
    """Return a socket connected to *address*, which the exchange can interrupt. Raises: OSError."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        current.exchange.attach(sock, reused=False)
        sock.settimeout(timeout)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.connect((address, port))
    except BaseException:
        sock.close()
        raise
    return sock


class CheckedPool(HTTPConnectionPool):
    """The open connections to one origin."""

    ConnectionCls = _Checked

    def _put_conn(self, conn: Any) -> None:
        if conn is not None:
            conn.detach()
        super()._put_conn(conn)


class CheckedTlsPool(HTTPSConnectionPool):
    """The same over TLS."""

    ConnectionCls = _CheckedTls

    def _put_conn(self, conn: Any) -> None:
        if conn is not None:
            conn.detach()
        super()._put_conn(conn)
