"""Runs an entered guest until its handler has a result: jobs, timers, outbound requests."""

from __future__ import annotations

import time
from typing import NamedTuple, TypeAlias

from nexus.errors import DeadlineExceeded
from nexus.guest.host.outbound import body_of, is_short_text, outcome_json
from nexus.guest.js.bridge import Bridge, sleep
from nexus.guest.js.entry import Entry
from nexus.guest.js.interpreter import Interpreter
from nexus.guest.js.outcome import ERROR, HEAD_END, PENDING, WAIT, failure, never_settles, wait_s
from nexus.guest.js.source_maps.places import Translate
from nexus.guest.js.structures.rejections import any_unhandled, forget, unhandled
from nexus.guest.preview1.process import Process
from nexus.model import Answered
from nexus.plugin_api.guest import Outbound, Run

Result: TypeAlias = "bytes | Waits"


class Waits(NamedTuple):
    """Stands for a result while the guest waits for deferred answers."""

    wake_s: float | None
    """seconds until its next timer is due; None: it has no timer"""


class Settling:
    """One task in a guest, from its first call to its result."""

    __slots__ = ("_bridge", "_entry", "_js", "_process", "_run", "_sweeps", "_translate")

    def __init__(
        self,
        js: Interpreter,
        entry: Entry,
        run: Run,
        process: Process,
        bridge: Bridge,
        translate: Translate | None,
    ) -> None:
        """*translate* applies the handler's source maps, if it has any."""
        self._js, self._entry, self._run = js, entry, run
        self._process, self._bridge, self._translate = process, bridge, translate
        self._sweeps = False  # whether the guest follows rejections that it has reported

    def settle(self, result: int) -> Result:
        """Run jobs and timers until the function *result* returns one, and return it as JSON. A
        guest with open questions does not wait for its timers here.

        Raises: GuestError for what the handler threw.
        """
        js, entry, run = self._js, self._entry, self._run
        while True:
            js.run_jobs(run)
            if self._sweeps or any_unhandled(js.memory(), entry.rejections):
                self._report_rejections()
                js.run_jobs(run)  # the listeners may have queued some
            answer = js.text(js.checked(js.call(result)))
            if answer.startswith(ERROR):
                denied = self._process.services().denied
                raise failure(answer, run, denied, self._translate, full=js.is_full())
            if run.stopped is not None:
                return b""
            if answer != PENDING and not answer.startswith(WAIT):
                return self._with_text(answer)
            due_s = None if answer == PENDING else wait_s(answer)
            if due_s != 0 and run.outbound is not None and run.outbound.pending:
                if self._take_outcome(run.outbound, due_s):
                    continue
                if due_s is None or run.stopped is not None or time.monotonic() >= run.deadline:
                    run.stop(DeadlineExceeded("not finished within its deadline"))
                    return b""
                due_s = 0.0
            if self._process.services().questions and due_s != 0:
                return Waits(due_s)
            if due_s is None:
                raise never_settles()
            if not sleep(run, due_s, self._process.stream):
                run.stop(DeadlineExceeded("not finished within its deadline"))
                return b""
            js.checked(js.call(entry.wake))

    def _take_outcome(self, outbound: Outbound, due_s: float | None) -> bool:
        """Wait until an outbound request has ended, and pass its outcome to the guest. Return
        False if none did within *due_s*."""
        ended = outbound.wait(due_s)
        if ended is None:
            return False
        number, outcome = ended
        self._process.services().note_outcome(outcome)
        text, body = outcome_json(number, outcome), body_of(outcome)
        if is_short_text(outcome):
            text, body = b"%b\n%b" % (text, body), b""
        self._bridge.hand_over(body)
        js = self._js
        given = js.checked(js.string(text))
        # A value with the tag 0 is an integer.
        js.checked(js.call(self._entry.fetched, (given, len(body))))
        js.free(given)
        self._bridge.hand_over(b"")
        return True

    def settled(self, answer: bytes) -> bytes:
        """Return *answer*, which came at once, complete: no job was left to run before it."""
        js = self._js
        if any_unhandled(js.memory(), self._entry.rejections):
            self._report_rejections()
            js.run_jobs(self._run)  # the listeners may have queued some
        return self._with_text(answer)

    def run_due_timers(self) -> None:
        """Run jobs and timers until no timer is due."""
        js, entry = self._js, self._entry
        while True:
            js.run_jobs(self._run)
            answer = js.text(js.checked(js.call(entry.value)))
            if not answer.startswith(WAIT) or wait_s(answer) > 0:
                return
            js.checked(js.call(entry.wake))

    def answer(self, answered: Answered) -> None:
        """Pass the deferred answer to a question to the guest."""
        self._process.services().questions -= 1
        number, answer = answered
        ok = b"true" if answer.ok else b"false"
        given = b'{"number":%d,"ok":%b,"value":%b}' % (number, ok, answer.value)
        js = self._js
        js.checked(js.call(self._entry.answered, (js.checked(js.parse_json(given)),)))

    def _with_text(self, answer: bytes) -> bytes:
        """Return *answer* with the long text that the guest holds for it, if it does."""
        if not answer.endswith(b"\n\r") or HEAD_END in answer:  # a short text follows the head
            return answer
        text = self._js.text(self._js.checked(self._js.call(self._entry.text)))
        return b"%b\n%b" % (answer[:-1], text)

    def _report_rejections(self) -> None:
        """Report the rejections that nothing has handled; forget those that the guest does not
        follow. Then tell it that there are no others, so that the ones missing were handled."""
        js, entry = self._js, self._entry
        followed = False
        for rejection in list(unhandled(js.memory(), entry.rejections)):
            follows = js.call(entry.rejected, (rejection.reason, rejection.promise))
            if js.text(js.checked(follows)) == b"true":
                followed = True
            else:
                forget(js, rejection)
        if followed or self._sweeps:
            js.checked(js.call(entry.swept))
        self._sweeps = followed
