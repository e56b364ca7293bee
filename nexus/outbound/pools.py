"""The open connections of one worker, by handler and origin. No handler uses another's."""

from __future__ import annotations

import ssl
import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any, Final

from nexus.outbound.connection import CheckedPool, CheckedTlsPool
from nexus.outbound.grants import Grants
from nexus.outbound.proxy import Proxy
from nexus.outbound.resolver import Place, Resolve, checked_addresses, checked_for_proxy
from nexus.outbound.target import Target

MOST_POOLS: Final = 200
"""Pools of one worker; a further one closes the idle connections of the one used longest ago"""
_IDLE: Final = 10  # connections that a pool keeps for one origin


class Pools:
    """Thread-safe."""

    def __init__(
        self, resolve: Resolve, tls: ssl.SSLContext | None = None, proxy: Proxy | None = None
    ) -> None:
        """*tls* None: the system's certificates."""
        self._resolve, self._tls, self._proxy = resolve, tls, proxy
        self._lock = threading.Lock()  # guards _known, and the making of _tls
        self._known: OrderedDict[tuple[object, ...], CheckedPool | CheckedTlsPool] = OrderedDict()

    def get(self, handler: str, grants: Grants, target: Target) -> CheckedPool | CheckedTlsPool:
        """Return the pool for requests of *handler* to *target*'s origin."""
        key = (handler, grants.texts, *target.origin)
        closed = None
        with self._lock:
            found = self._known.get(key)
            if found is None:
                found = self._known[key] = self._make(grants, target)
                if len(self._known) > MOST_POOLS:
                    closed = self._known.popitem(last=False)[1]
            else:
                self._known.move_to_end(key)
        if closed is not None:
            closed.close()
        return found

    def close(self) -> None:
        """Close all idle connections."""
        with self._lock:
            pools = list(self._known.values())
            self._known.clear()
        for pool in pools:
            pool.close()

    def _make(self, grants: Grants, target: Target) -> CheckedPool | CheckedTlsPool:
        scheme, resolve, proxy = target.scheme, self._resolve, self._proxy
        if proxy is not None and not proxy.serves(target.host, target.port):
            proxy = None

        def addresses(host: str, port: int) -> Sequence[Place]:
            if proxy is not None and proxy.resolves:
                return checked_for_proxy(host, port, scheme, grants)
            return checked_addresses(host, port, scheme, grants, resolve)

        options: dict[str, Any] = {"maxsize": _IDLE, "block": False}
        options |= {"addresses": addresses, "proxied_by": proxy}
        if scheme == "http":
            return CheckedPool(target.host, target.port, **options)
        if self._tls is None:
            self._tls = ssl.create_default_context()
        return CheckedTlsPool(target.host, target.port, ssl_context=self._tls, **options)
