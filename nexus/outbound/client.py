"""What the outbound requests of all executions of a worker share: connections and threads.

The HTTP client is imported, and its threads are started, when the first handler needs them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from nexus.model import Handler, OutboundRecord
from nexus.outbound.grants import grants_of
from nexus.outbound.resolver import Resolve, ask_system
from nexus.plugin_api.guest import Outbound, Run

if TYPE_CHECKING:
    import ssl

    from nexus.outbound.pools import Pools
    from nexus.outbound.proxy import Proxy

MOST_THREADS: Final = 256


@dataclass(frozen=True)
class OutboundLimits:
    """The settings that limit the requests of each execution."""

    max_concurrent: int
    """requests under way at once; further ones wait for one of them to end"""
    max_response_bytes: int
    timeout_s: float
    """of one request with its redirects"""


class OutboundClient:
    """Makes the `Outbound` of each run. Thread-safe."""

    def __init__(
        self,
        limits: OutboundLimits,
        threads: int = MOST_THREADS,
        resolve: Resolve = ask_system,
        tls: ssl.SSLContext | None = None,
        observe: Callable[[OutboundRecord], None] = lambda record: None,
        proxy: Proxy | None = None,
    ) -> None:
        """*threads*: requests under way at once, in the whole worker. *resolve*: finds a name's
        addresses. *tls*: how servers are verified; None: by the system's certificates. *observe*
        is called once for each request, on a run's own thread. *proxy*: opens connections."""
        self.observe = observe
        self.limits = limits
        self.wait_begins: Callable[[], None] = lambda: None
        self.wait_ends: Callable[[], None] = lambda: None
        """called on a run's own thread, around each time that it blocks until an answer comes"""
        self._resolve, self._tls, self._proxy = resolve, tls, proxy
        self._threads = ThreadPoolExecutor(min(threads, MOST_THREADS), "nexus-http")
        self._lock = threading.Lock()  # guards the making of _pools
        self._pools: Pools | None = None

    def open(self, handler: Handler, run: Run) -> Outbound:
        """Return the outbound requests of *run*."""
        from nexus.outbound.session import Session

        grants, pools = grants_of(handler.http), self._pools or self._make_pools()
        name = handler.name
        return Session(self, name, run, grants, lambda target: pools.get(name, grants, target))

    def close(self) -> None:
        """Close idle connections, and start no more requests."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        if self._pools is not None:
            self._pools.close()

    def submit(self, job: Callable[[], None]) -> None:
        """Let a thread do *job*. Raises: RuntimeError once this is closed."""
        self._threads.submit(job)

    def _make_pools(self) -> Pools:
        from nexus.outbound.pools import Pools

        with self._lock:
            if self._pools is None:
                self._pools = Pools(self._resolve, self._tls, self._proxy)
            return self._pools
