"""Adaptive concurrency: runs as many requests at once as do not slow each other down.

A gradient controller, as in Envoy's adaptive concurrency filter and Netflix's concurrency-limits
(`Gradient2`): after each window of measurements

    gradient = BUFFER x the time requests would have taken alone / the time they took  (0.5 to 1)
    limit    = limit x gradient + sqrt(limit)

Below the knee requests take as long as alone, the gradient is 1 and the limit grows; beyond it
they wait for each other, and the limit settles where the root balances the gradient. Like Netflix's
limit it grows only while a request waits for a place: otherwise nothing shows that a higher limit
would help.

Envoy and Netflix measure how long a request takes alone, and mistake a changing mix of requests for
load. Here the CPU time of each request is known, so only the rest must be learned: how long a
handler waits by itself (for a timer, a host call). That is measured at a limit of `LEAST`, at first
and from time to time, as Envoy measures its minimum.
"""

from __future__ import annotations

import math

from nexus.plugin_api.averages import MovingAverages
from nexus.plugin_api.scheduling import Fifo, PolicyOptions, Ticket

LEAST = 1
BUFFER = 1.25
"""how much longer than alone a request may take before that counts as load"""
WINDOW_S = 0.1
WINDOW_REQUESTS = 10
LONGEST_WINDOW_S = 1.0
"""A window of measurements ends after this time, even if few requests finished: a probe of long
requests must not take for ever."""
PROBE_AFTER_S = 30.0
"""How often the handlers' own waits are measured again while there is load."""


class _Window:
    """The requests that finished since *began*."""

    def __init__(self, began: float) -> None:
        self.began = began
        self.requests = 0
        self.alone_s = self.took_s = 0.0
        self.pressed = False
        """whether a request had to wait for a place"""


class Adaptive(Fifo):
    """First come, first served, for as many at once as the limit says; sheds beyond a wait of
    `target_s`."""

    def __init__(self, options: PolicyOptions) -> None:
        super().__init__(options)
        now = options.clock()
        self._most = max(options.places, LEAST)
        self._limit = float(LEAST)
        self._probing = True
        self._probed_at = now
        self._window = _Window(now)
        self._own_wait_s = MovingAverages()
        self._took_s = MovingAverages()

    def limit(self, most: int) -> int:
        return LEAST if self._probing else max(LEAST, min(most, int(self._limit)))

    def push(self, ticket: Ticket) -> None:
        super().push(ticket)
        self._window.pressed = True

    def refuse(self, ticket: Ticket, running: int) -> str | None:
        self._window.pressed = True
        if len(self) < self._limit:  # as many requests may wait as may run, for any time
            return None
        wait_s = (len(self) + 1) * self._took_s.overall() / self._limit
        if wait_s <= self.options.target_s:
            return None
        return (
            f"{len(self)} requests wait, and the next would for {wait_s:.3f} s: more than "
            f"{self.options.target_s:g} s"
        )

    def finished(self, handler: str, wall_s: float, cpu_s: float) -> None:
        now = self.options.clock()
        wait_s = max(wall_s - cpu_s, 0.0)
        # A request that began before the probe did not run alone.
        alone = self._probing and wall_s <= now - self._window.began
        if alone or self._own_wait_s.get(handler) is None:
            self._own_wait_s.measured(handler, wait_s, now)
        self._took_s.measured(handler, wall_s, now)
        window = self._window
        window.requests += 1
        window.took_s += wall_s
        window.alone_s += min(cpu_s + self._own_wait_s.of(handler), wall_s)
        lasted_s = now - window.began
        enough = window.requests >= WINDOW_REQUESTS and lasted_s >= WINDOW_S
        if enough or lasted_s >= LONGEST_WINDOW_S:
            self._adjust(window, now)

    def _adjust(self, window: _Window, now: float) -> None:
        self._window = _Window(now)
        if self._probing:
            self._probing, self._probed_at = False, now
            return
        gradient = min(max(BUFFER * window.alone_s / max(window.took_s, 1e-9), 0.5), 1.0)
        limit = self._limit * gradient + math.sqrt(self._limit)
        if window.pressed or limit < self._limit:
            self._limit = min(max(limit, LEAST), self._most)
        if window.pressed and now - self._probed_at >= PROBE_AFTER_S:
            self._probing = True
