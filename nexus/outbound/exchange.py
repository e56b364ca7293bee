"""One outbound request with its redirects, from its start to its outcome."""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from urllib3 import BaseHTTPResponse, HTTPHeaderDict, Timeout
from urllib3.exceptions import (
    HTTPError,
    NewConnectionError,
    ProtocolError,
    TimeoutError,
)

from nexus.model import (
    FailureKind,
    OutboundFailure,
    OutboundOutcome,
    OutboundPart,
    OutboundRecord,
    OutboundResponse,
)
from nexus.model.outbound import ANSWERED
from nexus.outbound import headers
from nexus.outbound.body import Body
from nexus.outbound.connection import CheckedPool, CheckedTlsPool
from nexus.outbound.failures import Failed, not_granted, reason_of
from nexus.outbound.grants import Grants
from nexus.outbound.proxy import ProxyFailed
from nexus.outbound.reading import NeedsThread, Waits, current
from nexus.outbound.resolver import AddressDenied
from nexus.outbound.target import Target, follow
from nexus.plugin_api.filters import OutboundCall
from nexus.plugin_api.guest import Run

log = logging.getLogger("nexus.outbound")

MOST_REDIRECTS: Final = 10

GetPool = Callable[[Target], "CheckedPool | CheckedTlsPool"]


@dataclass(frozen=True, slots=True)
class Request:
    """A checked request, as it is sent to one target."""

    target: Target
    method: str
    fields: HTTPHeaderDict
    body: bytes
    streams: bool = False
    """see `OutboundRequest.stream`"""


class Exchange:
    """One request. Its thread calls `carry_out`; the guest's thread may `abandon` it, or carry it
    out itself."""

    def __init__(
        self,
        number: int,
        request: Request,
        granted_by: str,
        redirect: str,
        timeout_s: float,
        deadline: float,
        grants: Grants,
        pool: GetPool,
        most_bytes: int,
    ) -> None:
        """*granted_by*: the manifest's entry. *redirect*: see `OutboundRequest`. *timeout_s* counts
        from now; the run's *deadline*, in monotonic seconds, may be earlier."""
        self.number, self._timeout_s = number, timeout_s
        self.deadline = min(deadline, time.monotonic() + timeout_s)
        self._first, self._granted_by, self._began = request, granted_by, time.monotonic()
        self._request, self._redirect = request, redirect
        self._grants, self._pool, self._most_bytes = grants, pool, most_bytes
        self._lock = threading.Lock()  # guards the next two fields, and the writing of outcome
        self._sock: socket.socket | None = None
        self._abandoned = False
        self.outcome: OutboundOutcome | None = None
        self._body: Body | None = None
        """the answer's body, until it is read to its end"""
        self._status = self._received = 0
        self.ended = False
        """whether its thread is free again"""
        self.call: OutboundCall | None = None
        """what a plugin keeps of it"""
        self._reuses = False
        """whether the connection in use has carried another request"""
        self._followed = 0
        """redirects so far"""
        self.waits: Waits | None = None
        """set while its guest's own thread carries it out: entered for each wait"""

    @property
    def sends_bytes(self) -> int:
        """The length of the body that it has yet to send."""
        return 0 if self._body is not None else len(self._request.body)

    # ---- the guest's thread ------------------------------------------------------------------

    def abandon(self) -> None:
        """End it soon, and drop its outcome: nobody waits for it any more."""
        with self._lock:
            self._abandoned, self.outcome = True, None
            if self._sock is not None:
                with contextlib.suppress(OSError):  # the server was faster
                    socket.socket.shutdown(self._sock, socket.SHUT_RDWR)
        if self.ended:
            self._close()

    def record(self, handler: str, run: Run, outcome: OutboundOutcome) -> OutboundRecord:
        """Return the record of this request, which ends with *outcome*."""
        first, kind, status = self._first, ANSWERED, self._status
        # A guest need not read a body to its end.
        if isinstance(outcome, OutboundFailure) and (
            not status or outcome.kind is not FailureKind.CANCELLED
        ):
            kind, status = outcome.kind.value, 0
        return OutboundRecord(
            handler,
            run.execution_id,
            self._granted_by,
            kind,
            first.target.public_url,
            first.method,
            status,
            time.monotonic() - self._began,
            len(first.body),
            self._received if status else 0,
        )

    def late(self) -> OutboundFailure:
        """Return the failure of a request that took too long."""
        limit = f"http_timeout_ms ({self._timeout_s * 1000:g})"
        return self._failure(FailureKind.TIMEOUT, f"no answer within {limit}")

    # ---- its own thread ----------------------------------------------------------------------

    def attach(self, sock: socket.socket, *, reused: bool) -> None:
        """Take the connection that is about to carry the request."""
        with self._lock:
            if self._abandoned:
                raise Failed(FailureKind.CANCELLED, "the request was abandoned")
            self._sock, self._reuses = sock, reused

    def detach(self) -> None:
        """Let the connection go: another exchange may use it."""
        with self._lock:
            self._sock = None

    def carry_out(self) -> None:
        """Send the request and follow redirects, or read the next part of the answer's body. Keep
        the outcome, unless it was abandoned."""
        outcome = self._outcome(self._follow if self._body is None else self._read_on)
        with self._lock:
            abandoned = self._abandoned
            if not abandoned:
                self.outcome = outcome
        if abandoned or isinstance(outcome, OutboundFailure):
            self._close()
        self.ended = True

    def carry_out_here(self, waits: Waits) -> bool:
        """Do the same on the guest's own thread, whose place and turn others have during *waits*.
        Return False if another thread must do the rest."""
        self.waits = waits
        try:
            self.carry_out()
        except NeedsThread:
            return False
        finally:
            self.waits = None
        return True

    def _close(self) -> None:
        """Close the connection of an answer that nobody reads to its end."""
        body, self._body = self._body, None
        if body is not None:
            body.close()

    def _outcome(self, step: Callable[[], OutboundOutcome]) -> OutboundOutcome:
        current.exchange = self
        try:
            return step()
        except NeedsThread:
            raise
        except Failed as failed:
            return OutboundFailure(failed.kind, str(failed))
        except AddressDenied as denied:
            log.info("refused an outbound request: %s", denied)
            return self._failure(FailureKind.DENIED, "its address is not public, nor granted")
        except ProxyFailed as failed:
            return self._failure(FailureKind.FAILED, str(failed))
        except HTTPError as error:
            late = isinstance(error, TimeoutError) and not isinstance(error, NewConnectionError)
            return self.late() if late else self._failure(FailureKind.FAILED, reason_of(error))
        except Exception:
            log.exception("an outbound request failed")
            return self._failure(FailureKind.FAILED, "an internal error")
        finally:
            if self._body is None:
                self.detach()
            del current.exchange

    def _failure(self, kind: FailureKind, reason: str) -> OutboundFailure:
        target = self._request.target
        return OutboundFailure(kind, f"{target.scheme}://{target.authority}: {reason}")

    def _follow(self) -> OutboundResponse:
        while self._followed <= MOST_REDIRECTS:
            response = self._send()
            location = headers.redirect_of(response.status, response.headers)
            if location is None or self._redirect == "manual":
                return self._receive(response, redirected=self._followed > 0)
            response.close()
            response.release_conn()
            self._go_to(location, response.status)
            self._followed += 1
        raise Failed(FailureKind.FAILED, f"more than {MOST_REDIRECTS} redirects")

    def _go_to(self, location: str, status: int) -> None:
        """Make the next request of a redirect."""
        request = self._request
        if self._redirect == "error":
            raise Failed(FailureKind.FAILED, f"{request.target.url:.200} redirects")
        try:
            target = follow(request.target, location)
        except ValueError as error:
            raise Failed(FailureKind.FAILED, f"a redirect leads nowhere: {error}") from error
        if self._grants.find(target) is None:
            raise Failed(FailureKind.DENIED, not_granted(target))
        method = headers.method_after(status, request.method)
        if method != request.method:
            fields = headers.without_body(request.fields)
            request = replace(request, method=method, fields=fields, body=b"")
        if target.origin != request.target.origin:
            request = replace(request, fields=headers.without_credentials(request.fields))
        self._request = replace(request, target=target)

    def _send(self) -> BaseHTTPResponse:
        try:
            return self._try_to_send()
        except ProtocolError:
            # The server may have closed an idle connection just as it was used again.
            if not self._reuses or not headers.is_repeatable(self._request.method):
                raise
        return self._try_to_send()

    def _try_to_send(self) -> BaseHTTPResponse:
        request = self._request
        left_s = self.deadline - time.monotonic()
        if left_s <= 0:
            raise TimeoutError
        self._reuses = False
        return self._pool(request.target).urlopen(
            request.method,
            request.target.path,
            body=request.body or None,
            headers=request.fields,
            retries=False,
            redirect=False,
            timeout=Timeout(connect=left_s, read=left_s),
            preload_content=False,
        )

    def _receive(self, response: BaseHTTPResponse, *, redirected: bool) -> OutboundResponse:
        self._body = body = Body(response, self._most_bytes, self.deadline)
        if not 200 <= response.status <= 599:
            raise Failed(FailureKind.FAILED, f"an answer of status {response.status}")
        more = self._first.streams and not body.is_short
        content = b"" if more else body.whole()
        self._status = response.status
        if not more:
            self._at_end(body)
        return OutboundResponse(
            self._request.target.url,
            response.status,
            response.reason or "",
            headers.received(response.headers),
            content,
            redirected,
            more,
        )

    def _read_on(self) -> OutboundPart:
        body = self._body
        assert body is not None
        part = body.part()
        self._received = body.received
        if not part.more:
            self._at_end(body)
        return part

    def _at_end(self, body: Body) -> None:
        self._received, self._body = body.received, None
