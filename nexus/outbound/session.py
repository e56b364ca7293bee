"""The outbound requests of one execution. Its guest starts them, and waits for any of them.

Threads of the client carry them out. A guest that waits for one request and nothing else carries it
out on its own thread instead: to wake another thread and be woken by it costs more than all else
that a short request does. So the first request is held until the guest waits, or does other things.
"""

from __future__ import annotations

import itertools
import queue
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Final

from nexus.model import (
    FailureKind,
    OutboundFailure,
    OutboundOutcome,
    OutboundRecord,
    OutboundRequest,
)
from nexus.outbound import headers
from nexus.outbound.client import OutboundClient
from nexus.outbound.exchange import Exchange, GetPool, Request
from nexus.outbound.failures import not_granted
from nexus.outbound.grants import Grants
from nexus.outbound.target import Target, read_target
from nexus.plugin_api.filters import CallObserver, OutboundCall
from nexus.plugin_api.guest import Run

REDIRECT_MODES = ("follow", "error", "manual")
MOST_OPEN: Final = 64
"""Answers of one execution whose bodies are not read to their ends; one more closes the oldest"""
_CHECKPOINTS: Final = 2
"""A guest that reaches this many without a wait works beside its request (0.5 to 1 ms); one that
waits soon may meet a first checkpoint before"""
_SHORT_BYTES: Final = 16 << 10
"""A body that a connection without traffic takes at once, by the kernel's least buffer"""


class Session:
    """See `nexus.plugin_api.guest.Outbound`. Only the guest's own thread uses it."""

    def __init__(
        self, client: OutboundClient, handler: str, run: Run, grants: Grants, pool: GetPool
    ) -> None:
        self._client, self._limits, self._handler = client, client.limits, handler
        self._run, self._grants, self._pool = run, grants, pool
        self._numbers = itertools.count(1)
        self._under_way: dict[int, Exchange] = {}
        self._open: dict[int, Exchange] = {}
        """those whose answers' bodies the guest may read on"""
        self._queued: deque[Exchange] = deque()
        """those of them that have no thread yet"""
        self._held: Exchange | None = None
        """the only one under way, which its guest may carry out itself"""
        self._checkpoints = 0
        """those that the guest has reached since it was held"""
        self._threads: list[Exchange] = []
        """those that may still have one, or whose outcome nobody took: it may be large"""
        self._done: queue.SimpleQueue[Exchange] = queue.SimpleQueue()
        self.observer: CallObserver | None = None

    @property
    def pending(self) -> int:
        return len(self._under_way)

    def start(self, request: OutboundRequest) -> int | OutboundFailure:
        try:
            checked = self._check(request)
        except ValueError as error:
            return self._refused(None, FailureKind.INVALID, str(error))
        grant = self._grants.find(checked.target)
        if grant is None:
            return self._refused(checked, FailureKind.DENIED, not_granted(checked.target))
        call = None if self.observer is None else self._observed(self.observer, checked)
        number, limits = next(self._numbers), self._limits
        exchange = Exchange(
            number,
            checked,
            grant.text,
            request.redirect,
            limits.timeout_s,
            self._run.deadline,
            self._grants,
            self._pool,
            limits.max_response_bytes,
        )
        exchange.call = call
        self._enqueue(exchange)
        return number

    def read(self, number: int) -> bool:
        exchange = self._open.pop(number, None)
        if exchange is None:
            return False
        if exchange in self._threads:
            self._threads.remove(exchange)  # its place: it waits for one anew
        exchange.outcome, exchange.ended = None, False
        self._enqueue(exchange)
        return True

    def _enqueue(self, exchange: Exchange) -> None:
        self.send_now()
        is_alone = not self._under_way and not self._threads_in_use()
        self._under_way[exchange.number] = exchange
        if is_alone and exchange.sends_bytes <= _SHORT_BYTES:
            self._held, self._checkpoints = exchange, 0
        else:
            self._queued.append(exchange)
            self._begin()

    def send_now(self) -> None:
        held, self._held = self._held, None
        if held is not None:
            self._queued.append(held)
            self._begin()

    def at_checkpoint(self) -> None:
        if self._held is not None:
            self._checkpoints += 1
            if self._checkpoints >= _CHECKPOINTS:
                self.send_now()

    def wait(self, timeout_s: float | None) -> tuple[int, OutboundOutcome] | None:
        end = self._run.deadline
        if timeout_s is not None:
            end = min(end, time.monotonic() + timeout_s)
        held = self._held
        if held is not None and end >= held.deadline:
            self._held = None
            if held.carry_out_here(self._outside):
                return self._take(held)
            self._held = held
        self.send_now()
        with self._outside():
            return self._wait(end)

    @contextmanager
    def _outside(self) -> Iterator[None]:
        """Let others work during a `with` block that waits for the network."""
        client = self._client
        client.wait_begins()
        try:
            with self._run.outside():
                yield
        finally:
            client.wait_ends()

    def _wait(self, end: float) -> tuple[int, OutboundOutcome] | None:
        while self._under_way:
            first = min(self._under_way.values(), key=lambda exchange: exchange.deadline)
            left_s = min(end, first.deadline) - time.monotonic()
            try:
                exchange = self._done.get(timeout=max(left_s, 0.0))
            except queue.Empty:
                if end <= first.deadline:
                    return None
                exchange = first
                self._give_up(exchange)
            if (taken := self._take(exchange)) or time.monotonic() >= self._run.deadline:
                return taken
        return None

    def _take(self, exchange: Exchange) -> tuple[int, OutboundOutcome] | None:
        """Return what `wait` returns for a request that has ended; None if the guest has dropped
        it, or if the run's deadline has passed."""
        if time.monotonic() >= self._run.deadline:  # both timed out: the run's error counts
            return None
        waited_for = self._under_way.pop(exchange.number, None) is not None
        self._begin()
        if not waited_for:
            return None
        outcome = exchange.outcome or exchange.late()
        if not isinstance(outcome, OutboundFailure) and outcome.more:
            self._leave_open(exchange)
        else:
            self._record(exchange, outcome)
        return exchange.number, outcome

    def _leave_open(self, exchange: Exchange) -> None:
        self._open[exchange.number] = exchange
        if len(self._open) > MOST_OPEN:
            self.cancel(next(iter(self._open)))

    def cancel(self, number: int) -> None:
        exchange = self._under_way.pop(number, None) or self._open.pop(number, None)
        if exchange is None:
            return
        self._give_up(exchange)
        dropped = OutboundFailure(FailureKind.CANCELLED, "the guest does not wait for it")
        self._record(exchange, dropped)

    def close(self) -> None:
        for number in [*self._under_way, *self._open]:
            self.cancel(number)

    def _give_up(self, exchange: Exchange) -> None:
        exchange.abandon()
        if exchange is self._held:
            self._held = None
        if exchange in self._queued:
            self._queued.remove(exchange)

    def _observed(self, observer: CallObserver, request: Request) -> OutboundCall:
        """Show a request to the observer, and set the headers that it wants."""
        fields = request.fields
        call = observer.outbound(request.method, request.target.public_url, fields)
        for name, value in call.headers.items():
            fields[name] = value
        return call

    def _record(self, exchange: Exchange, outcome: OutboundOutcome) -> None:
        record = exchange.record(self._handler, self._run, outcome)
        self._client.observe(record)
        if exchange.call is not None:
            exchange.call.end(record)

    def _refused(self, request: Request | None, kind: FailureKind, message: str) -> OutboundFailure:
        """Count a request that is not sent."""
        url, method = ("", "") if request is None else (request.target.public_url, request.method)
        record = OutboundRecord(self._handler, self._run.execution_id, "", kind.value, url, method)
        self._client.observe(record)
        return OutboundFailure(kind, message)

    def _begin(self) -> None:
        """Give threads to queued requests, as far as the limit allows."""
        while self._queued and self._threads_in_use() < self._limits.max_concurrent:
            exchange = self._queued.popleft()
            self._threads.append(exchange)
            try:
                self._client.submit(partial(self._carry_out, exchange))
            except RuntimeError:  # no more threads: the worker stops
                failure = OutboundFailure(FailureKind.FAILED, "the server is shutting down")
                exchange.outcome, exchange.ended = failure, True
                self._done.put(exchange)

    def _threads_in_use(self) -> int:
        if self._threads:
            held = self._under_way
            self._threads = [one for one in self._threads if not one.ended or one.number in held]
        return len(self._threads)

    def _carry_out(self, exchange: Exchange) -> None:
        exchange.carry_out()
        self._done.put(exchange)

    def _check(self, request: OutboundRequest) -> Request:
        """Raises: ValueError."""
        if request.redirect not in REDIRECT_MODES:
            modes = ", ".join(REDIRECT_MODES)
            raise ValueError(f"redirect {request.redirect!r:.80}: it may be {modes}")
        limits = self._run.limits
        if len(request.body) > limits.max_request_bytes:
            size, most = len(request.body), limits.max_request_bytes
            raise ValueError(f"a body of {size} bytes; max_request_bytes allows {most}")
        target: Target = read_target(request.url)
        fields = headers.to_send(request.headers, limits.max_header_bytes)
        method = headers.check_method(request.method)
        return Request(target, method, fields, request.body, request.stream)
