"""Each handler's share of a worker's CPU."""

from __future__ import annotations

import threading
import time

from nexus.model import CpuAllocation, Handler
from nexus.run.bucket import TokenBucket


class Share:
    """One handler's share: its weight among those that compete, and its limit."""

    __slots__ = ("bucket", "members", "virtual_s", "weight")

    def __init__(self, weight: float, bucket: TokenBucket | None = None) -> None:
        self.weight = weight
        self.bucket = bucket
        self.members = 0
        """executions in the slow lane; the lane's lock guards this and `virtual_s`"""
        self.virtual_s = 0.0
        """CPU time used in the lane, divided by the weight"""


class Shares:
    """The shares of all handlers of one worker. Thread-safe."""

    def __init__(self, workers: int) -> None:
        """*workers* split each limit among them; weights count within each worker."""
        self._workers = workers
        self._lock = threading.Lock()  # guards writes to _known
        self._known: dict[str, tuple[CpuAllocation, Share]] = {}

    def of(self, handler: Handler) -> Share:
        """Return the share of *handler*; a new one if its manifest has changed."""
        known = self._known.get(handler.name)
        # A handler keeps its allocation; comparing two takes as long as all the rest.
        if known is not None and (known[0] is handler.cpu or known[0] == handler.cpu):
            return known[1]
        return self._make(handler)

    def _make(self, handler: Handler) -> Share:
        with self._lock:
            known = self._known.get(handler.name)
            if known is not None and known[0] == handler.cpu:
                return known[1]
            allocation, bucket = handler.cpu, None
            if allocation.limit_cores is not None:
                bucket = TokenBucket(allocation.limit_cores / self._workers, time.monotonic())
            share = Share(allocation.request_cores, bucket)
            self._known[handler.name] = allocation, share
            return share
