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
    NameResolutionError,
    NewConnectionError,
    ProtocolError,
    SSLError,
    TimeoutError,
)

from nexus.model import (
    FailureKind,
    OutboundFailure,
    OutboundOutcome,
    OutboundRecord,
    OutboundResponse,
)
from nexus.model.outbound import ANSWERED
from nexus.outbound import headers
from nexus.outbound.connection import CheckedPool, CheckedTlsPool, current
from nexus.outbound.grants import Grants
from nexus.outbound.proxy import ProxyFailed
from nexus.outbound.resolver import AddressDenied
from nexus.outbound.target import Target, follow
from nexus.plugin_api.filters import OutboundCall
from nexus.plugin_api.guest import Run

log = logging.getLogger("nexus.outbound")

MOST_REDIRECTS: Final = 10
_CHUNK_BYTES: Final = 64 << 10

GetPool = Callable[[Target], "CheckedPool | CheckedTlsPool"]


@dataclass(frozen=True, slots=True)
class Request:
    """A checked request, as it is sent to one target."""

    target: Target
    method: str
    fields: HTTPHeaderDict
    body: bytes


class _Failed(Exception):
    """Ends an exchange with a failure."""

    def __init__(self, kind: FailureKind, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class Exchange:
    """One request. Its thread calls `carry_out`; the guest's thread may `abandon` it."""

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
        self.ended = False
        """whether its thread is free again"""
        self.call: OutboundCall | None = None
        """what a plugin keeps of it"""
        self._reuses = False
        """whether the connection in use has carried another request"""

    # ---- the guest's thread ------------------------------------------------------------------

    def abandon(self) -> None:
        """End it soon, and drop its outcome: nobody waits for it any more."""
        with self._lock:
            self._abandoned, self.outcome = True, None
            if self._sock is not None:
                with contextlib.suppress(OSError):  # the server was faster
                    socket.socket.shutdown(self._sock, socket.SHUT_RDWR)

    def record(self, handler: str, run: Run, outcome: OutboundOutcome) -> OutboundRecord:
        """Return the record of this request, which ends with *outcome*."""
        first = self._first
        answered = outcome if isinstance(outcome, OutboundResponse) else None
        return OutboundRecord(
            handler,
            run.execution_id,
            self._granted_by,
            ANSWERED if isinstance(outcome, OutboundResponse) else outcome.kind.value,
            first.target.public_url,
            first.method,
            0 if answered is None else answered.status,
            time.monotonic() - self._began,
            len(first.body),
            0 if answered is None else len(answered.body),
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
                raise _Failed(FailureKind.CANCELLED, "the request was abandoned")
            self._sock, self._reuses = sock, reused

    def detach(self) -> None:
        """Let the connection go: another exchange may use it."""
        with self._lock:
            self._sock = None

    def carry_out(self) -> None:
        """Send the request, follow redirects, and keep the outcome, unless it was abandoned."""
        outcome = self._outcome()
        with self._lock:
            if not self._abandoned:
                self.outcome = outcome
        self.ended = True

    def _outcome(self) -> OutboundOutcome:
        current.exchange = self
        try:
            return self._follow()
        except _Failed as failed:
            return OutboundFailure(failed.kind, str(failed))
        except AddressDenied as denied:
            log.info("refused an outbound request: %s", denied)
            return self._failure(FailureKind.DENIED, "its address is not public, nor granted")
        except ProxyFailed as failed:
            return self._failure(FailureKind.FAILED, str(failed))
        except HTTPError as error:
            late = isinstance(error, TimeoutError) and not isinstance(error, NewConnectionError)
            return self.late() if late else self._failure(FailureKind.FAILED, _reason(error))
        except Exception:
            log.exception("an outbound request failed")
            return self._failure(FailureKind.FAILED, "an internal error")
        finally:
            self.detach()
            del current.exchange

    def _failure(self, kind: FailureKind, reason: str) -> OutboundFailure:
        target = self._request.target
        return OutboundFailure(kind, f"{target.scheme}://{target.authority}: {reason}")

    def _follow(self) -> OutboundResponse:
        for followed in range(MOST_REDIRECTS + 1):
            response = self._send()
            location = headers.redirect_of(response.status, response.headers)
            if location is None or self._redirect == "manual":
                return self._receive(response, redirected=followed > 0)
            response.close()
            response.release_conn()
            self._go_to(location, response.status)
        raise _Failed(FailureKind.FAILED, f"more than {MOST_REDIRECTS} redirects")

    def _go_to(self, location: str, status: int) -> None:
        """Make the next request of a redirect."""
        request = self._request
        if self._redirect == "error":
            raise _Failed(FailureKind.FAILED, f"{request.target.url:.200} redirects")
        try:
            target = follow(request.target, location)
        except ValueError as error:
            raise _Failed(FailureKind.FAILED, f"a redirect leads nowhere: {error}") from error
        if self._grants.find(target) is None:
            raise _Failed(FailureKind.DENIED, not_granted(target))
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
        body, complete = bytearray(), False
        try:
            if not 200 <= response.status <= 599:
                raise _Failed(FailureKind.FAILED, f"an answer of status {response.status}")
            for chunk in response.stream(_CHUNK_BYTES, decode_content=True):
                body += chunk
                if len(body) > self._most_bytes:
                    reason = f"an answer of more than {self._most_bytes} bytes"
                    raise _Failed(FailureKind.TOO_LARGE, reason)
                if time.monotonic() >= self.deadline:
                    raise TimeoutError
            complete = True
        finally:
            if not complete:
                response.close()
        return OutboundResponse(
            self._request.target.url,
            response.status,
            response.reason or "",
            headers.received(response.headers),
            bytes(body),
            redirected,
        )


def not_granted(target: Target) -> str:
    """Return the message for a target that the manifest does not list."""
    return f"the handler's manifest does not grant http: {target.scheme}://{target.authority}"


def _reason(error: HTTPError) -> str:
    """Return in a few words what happened, without addresses."""
    if isinstance(error, NameResolutionError):
        return "the name has no address"
    if isinstance(error, NewConnectionError):
        return "no connection"
    if isinstance(error, SSLError):
        return f"TLS failed: {error.args[0]!s:.200}"
    if isinstance(error, ProtocolError):
        return "the connection broke, or the answer is not HTTP"
    return "the answer cannot be read"
