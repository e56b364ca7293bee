"""The interface of a request filter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

from nexus.model import Handler, HttpResponse, OutboundRecord, Outcome, Usage


class RequestFilter(Protocol):
    """Sees all requests for handlers, and no others, on the request's thread."""

    def begin(self, handler: Handler, environ: dict[str, Any]) -> None:
        """Check a request before admission. May change *environ*: `HTTP_*` and the other
        meta-variables reach the guest.

        Raises: NexusError (Unauthorized, PermissionDenied ...) to refuse the request.
        """
        ...

    def end(
        self,
        handler: Handler,
        environ: dict[str, Any],
        response: HttpResponse,
        outcome: Outcome,
        usage: Usage | None,
    ) -> None:
        """See the response; filters whose `begin` returned are called in reverse order. May add
        headers. *usage* None: nothing was run."""
        ...


class OutboundCall(Protocol):
    """An outbound request that an observer has seen begin."""

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers to set before the request is sent, such as `traceparent`."""
        ...

    def end(self, record: OutboundRecord) -> None:
        """See how the request has ended."""
        ...


class KeyValueCall(NamedTuple):
    """One operation of the key-value store that has ended."""

    operation: str
    """a method of `nexus.plugin_api.guest.KeyValue`"""
    namespace: str
    outcome: str
    """`ok`, `refused` or `unavailable`"""
    began: float
    """monotonic seconds"""
    duration_s: float


class CallObserver(Protocol):
    """Sees what one run asks of other services, on the run's own thread, which waits for it."""

    def outbound(self, method: str, url: str, headers: Mapping[str, str]) -> OutboundCall:
        """See a request that is about to be sent with *headers*; *url* is without its query."""
        ...

    def key_value(self, call: KeyValueCall) -> None:
        """See an operation of the key-value store."""
        ...


class OtherRun(NamedTuple):
    """A run that no HTTP request begins."""

    execution_id: str
    kind: str
    """`schedule`, `execute` (a JSON context), or `resume` (a suspended execution that goes on)"""
    cron: str = ""
    """the schedule, if one calls"""


class RunObserver(CallObserver, Protocol):
    """Sees one such run, its calls and its end."""

    def end(self, outcome: Outcome, usage: Usage) -> None:
        """See how the run has ended, on its own thread."""
        ...


class RunFilter(RequestFilter, Protocol):
    """A filter that also sees runs that no HTTP request begins. A filter may have this method, or
    not."""

    def begin_run(self, handler: Handler, run: OtherRun) -> RunObserver | None:
        """Return what observes *run*, which is about to wait for its place; None: nothing does. An
        exception is logged and counted, and the run goes on."""
        ...


class ObservingFilter(RequestFilter, Protocol):
    """A filter that also sees the calls of runs. A filter may have this method, or not."""

    def observer(self, handler: Handler, environ: dict[str, Any]) -> CallObserver | None:
        """Return what observes the calls of the request's run; None: nothing does. Called after
        `begin`, if the handler's manifest grants hosts or namespaces. An exception of an observer
        is logged and counted, and the run goes on."""
        ...
