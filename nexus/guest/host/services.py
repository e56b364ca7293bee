"""The host calls of one execution, on Python values. Each checks the capabilities first.

A guest without the capability gets the same answer whether or not the key exists. Every call may
raise `Declined`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, Final, NoReturn, TypeVar

from nexus.errors import DeadlineExceeded
from nexus.guest.host.context import ExecutionContext
from nexus.guest.host.key_value import answer_message, call_store
from nexus.guest.host.recorder import Recorder
from nexus.guest.host.state import State
from nexus.guest.host.status import DENIED, INVALID, NOT_FOUND, STOPPED, UNAVAILABLE, Declined
from nexus.guest.preview1.descriptors import LogOutput
from nexus.model import (
    Deferred,
    ExtensionAnswer,
    FailureKind,
    OutboundFailure,
    OutboundOutcome,
    OutboundRequest,
)
from nexus.plugin_api.capabilities import (
    EMIT,
    EXTENSION,
    READ_STATE,
    UPDATE_VIEW,
    WRITE_STATE,
    check_key,
)
from nexus.plugin_api.guest import KeyValue, Run
from nexus.plugin_api.stores import MAX_VALUE_BYTES

R = TypeVar("R")

VIEW_COMMANDS: Final = ("setFilter", "scrollTo", "focus", "custom")
LOG_MARKS: Final = (b"<7>", b"", b"<4>", b"<3>")
"""line prefixes for debug, info, warn and error (sd-daemon(3)); a line without a prefix is info"""

NO_HOST: Final = "the handler's manifest grants no host in http"

_EMPTY: Final = ExecutionContext(None, {})


class Services:
    """The host calls of one execution. Used only by the execution's thread."""

    def __init__(self, run: Run, context: ExecutionContext | None) -> None:
        """Serve *run*. An HTTP request has no *context*: it has no state, and nobody would carry
        out its effects."""
        self._run, self._context = run, context
        given = context or _EMPTY
        self._state = State(given.state)
        self._recorder = Recorder(run)
        self._log = LogOutput(run)
        self.args, self.scope = given.args, given.scope
        """JSON; null without a context"""
        self.denied = ""
        """the message of the last call that was denied for lack of a capability"""
        self._last_outcome: tuple[int, OutboundOutcome] | None = None
        self.questions = 0
        """extension calls whose answers come later"""
        self.answer = b""
        """the last extension's answer, as JSON"""
        self.kept: dict[str, Any] = {}
        """what a guest's language keeps on the host until the execution ends"""

    # ---- state -------------------------------------------------------------------------------

    def state_get(self, key: str) -> bytes:
        """Return the value of *key* as JSON."""
        self._permit(READ_STATE, key)
        found = self._state.get(key)
        if found is None:
            raise Declined(NOT_FOUND, f"the state has no key {key!r}")
        return found

    def state_has(self, key: str) -> bool:
        self._permit(READ_STATE, key)
        return key in self._state

    def state_keys(self) -> list[str]:
        """Return the keys that the guest may read, oldest first."""
        self._need_context()
        allows = self._run.capabilities.allows
        return [key for key in self._state if allows(READ_STATE, key)]

    def state_set(self, key: str, value: bytes) -> None:
        self._permit(WRITE_STATE, key)
        self._recorder.set_state(key, value)
        self._state.set(key, value)

    def state_delete(self, key: str) -> None:
        """Delete *key*; ignore an absent one: only a guest that may read it learns of that."""
        self._permit(WRITE_STATE, key)
        self._recorder.delete_state(key)
        self._state.delete(key)

    # ---- effects and extensions --------------------------------------------------------------

    def emit(self, name: str, payload: bytes) -> None:
        self._permit(EMIT, name)
        self._recorder.emit(name, payload)

    def view(self, command: str, view: str, arguments: bytes) -> None:
        self._permit(UPDATE_VIEW, view)
        if command not in VIEW_COMMANDS:
            known = ", ".join(VIEW_COMMANDS)
            raise Declined(INVALID, f"{command!r:.80} is no view command; there are {known}")
        self._recorder.update_view(command, view, arguments)

    def call_extension(
        self, name: str, method: str, arguments: bytes
    ) -> ExtensionAnswer | Deferred:
        """Call an extension, wait for its answer and keep the answer's value in `answer`.

        If the answer is deferred, count the call in `questions` instead.
        """
        self._permit(EXTENSION, name, needs_context=False)
        _check(method)
        self._recorder.parse(arguments)
        self.answer = b""
        found = self._run.call_extension(name, method, arguments)
        if found is None:
            raise Declined(STOPPED, "the execution is over")
        if isinstance(found, Deferred):
            self.questions += 1
            return found
        self._recorder.limit_value(len(found.value))
        self.answer = found.value
        return found

    # ---- key-value store ---------------------------------------------------------------------

    def key_value(self, words: Sequence[Any], value: bytes) -> bytes:
        """Answer a message for the key-value store; see `key_value.py`."""
        return self._noting_denial(lambda: answer_message(self._run, words, value))

    def call_store(self, call: Callable[[KeyValue], R]) -> R:
        """Return what *call* returns."""
        return self._noting_denial(lambda: call_store(self._run, call))

    def _noting_denial(self, call: Callable[[], R]) -> R:
        try:
            return call()
        except Declined as declined:
            if declined.status == DENIED:
                self.denied = declined.message
            raise

    # ---- outbound HTTP -----------------------------------------------------------------------

    def start_outbound(self, request: OutboundRequest) -> int:
        """Send a request in the background and return its number, for `Run.outbound`."""
        outbound = self._run.outbound
        if outbound is None:
            return self._outbound_failed(OutboundFailure(FailureKind.DENIED, NO_HOST))
        started = outbound.start(request)
        return started if isinstance(started, int) else self._outbound_failed(started)

    def wait_outbound(self, timeout_s: float | None) -> tuple[int, OutboundOutcome] | None:
        """Wait until a request has ended; return its number and its outcome. None: none of them
        has within *timeout_s*."""
        outbound, run = self._run.outbound, self._run
        if outbound is None or not outbound.pending:
            raise Declined(INVALID, "no outbound request is under way")
        ended = outbound.wait(timeout_s)
        if ended is not None:
            self._last_outcome = ended
            self.note_outcome(ended[1])
        elif time.monotonic() >= run.deadline:
            run.stop(DeadlineExceeded("not finished within its deadline"))
            raise Declined(STOPPED, "the execution is over")
        return ended

    def last_outcome(self) -> tuple[int, OutboundOutcome]:
        """Return what `wait_outbound` returned last, or why `start_outbound` did not send."""
        if self._last_outcome is None:
            raise Declined(NOT_FOUND, "no outbound request has ended")
        return self._last_outcome

    def read_outbound(self, number: int) -> None:
        """Ask for the next part of a request's answer, which `wait_outbound` returns."""
        outbound = self._run.outbound
        if outbound is None or not outbound.read(number):
            raise Declined(NOT_FOUND, f"the answer to request {number} has no more to read")

    def cancel_outbound(self, number: int) -> None:
        """Drop the request of this number."""
        if self._run.outbound is not None:
            self._run.outbound.cancel(number)

    def limit_outbound(self, size: int) -> None:
        """Refuse a request's body of *size* bytes, before it is copied, if that is too large."""
        most = self._run.limits.max_request_bytes
        if size > most:
            raise Declined(INVALID, f"a request of over {size} bytes; max_request_bytes is {most}")

    def note_outcome(self, outcome: OutboundOutcome) -> None:
        """Keep the message if the manifest denies the address or the redirect of a request."""
        if isinstance(outcome, OutboundFailure) and outcome.kind is FailureKind.DENIED:
            self.denied = outcome.message

    def _outbound_failed(self, failure: OutboundFailure) -> NoReturn:
        self.note_outcome(failure)
        self._last_outcome = 0, failure
        denied = failure.kind is FailureKind.DENIED
        raise Declined(DENIED if denied else INVALID, failure.message)

    # ---- calls that need no capability -------------------------------------------------------

    def log(self, level: int, text: bytes) -> None:
        """Write *text* to the handler's log, at a *level* from 0 (debug) to 3 (error)."""
        if not 0 <= level < len(LOG_MARKS):
            raise Declined(INVALID, f"there is no log level {level}, but 0 to {len(LOG_MARKS) - 1}")
        kept = text[: self._run.limits.max_stderr_bytes + 1]
        self._log.write_record(LOG_MARKS[level], kept)

    def time_ms(self) -> int:
        """Return milliseconds since 1970; no clock of a guest is finer."""
        return time.time_ns() // 1_000_000

    # ---- rules -------------------------------------------------------------------------------

    def limit_message(self, size: int) -> None:
        """Like `limit_value` for a message that may carry two values of the key-value store."""
        if self._run.key_value is None or size > 2 * MAX_VALUE_BYTES:
            self._recorder.limit_value(size)

    def limit_value(self, size: int) -> None:
        """End the run if a value of *size* bytes exceeds its limit.

        Call this before copying the value out of guest memory.
        """
        self._recorder.limit_value(size)

    def _permit(self, scope: str, key: str, *, needs_context: bool = True) -> None:
        _check(key)
        if not self._run.capabilities.allows(scope, key):
            self.denied = f"the handler's manifest does not grant {scope}:{key}"
            raise Declined(DENIED, self.denied)
        if needs_context:
            self._need_context()

    def _need_context(self) -> None:
        if self._context is None:
            raise Declined(
                UNAVAILABLE, "only an execution with a JSON context has state, events and views"
            )


def _check(key: str) -> None:
    try:
        check_key(key)
    except ValueError as error:
        raise Declined(INVALID, f"{key!r:.80}: {error}") from error
