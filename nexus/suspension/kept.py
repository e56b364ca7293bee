"""Results of executions that were suspended, kept for callers who come back for them."""

from __future__ import annotations

import json
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from nexus.errors import ExecutionGone, ExecutionNotFound
from nexus.model import ExecutionResult
from nexus.suspension.sentences import Sentences

MOST_BYTES: Final = 64 << 20
"""The results kept at once, as JSON; beyond, the oldest are forgotten"""


@dataclass(frozen=True)
class _Kept:
    until: float
    """monotonic seconds"""
    result: bytes
    """as JSON, which takes less memory than objects, and whose size is known"""


class KeptResults:
    """The results of one worker. Thread-safe."""

    def __init__(self, ttl_s: float) -> None:
        """*ttl_s*: how long to keep each result."""
        self._ttl_s = ttl_s
        self._lock = threading.Lock()  # guards the fields below
        self._ended = threading.Condition(self._lock)
        self._running: set[str] = set()
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        """in the order of their ends, and so of `until`"""
        self._bytes = 0
        self._gone = Sentences()
        """about executions without a result, or whose result is forgotten"""

    def begin(self, execution_id: str) -> None:
        """Note an execution that was suspended; call `keep` or `drop` when it ends."""
        with self._lock:
            self._running.add(execution_id)

    def keep(self, execution_id: str, result: ExecutionResult) -> None:
        """Keep the result of an execution that `begin` noted; do nothing for others."""
        if execution_id not in self._running:  # it began on this thread, if ever
            return
        content = json.dumps(result.to_json()).encode()
        with self._lock:
            self._running.discard(execution_id)
            self._kept[execution_id] = _Kept(time.monotonic() + self._ttl_s, content)
            self._bytes += len(content)
            self._forget_old()
            self._ended.notify_all()

    def drop(self, execution_id: str, reason: str) -> None:
        """Note that an execution ended without a result, because of *reason*."""
        with self._lock:
            if execution_id in self._running:
                self._running.discard(execution_id)
                self._gone.note(execution_id, f"the execution has no result: {reason}")
                self._ended.notify_all()

    def find(self, execution_id: str, wait_s: float) -> ExecutionResult | None:
        """Return the result, waiting up to *wait_s* for it; None if the execution has not ended.

        Raises: ExecutionNotFound if no execution of this id was suspended here; ExecutionGone.
        """
        until = time.monotonic() + wait_s
        with self._lock:
            while execution_id in self._running:
                if not self._ended.wait(max(until - time.monotonic(), 0.0)):
                    return None
            self._forget_old()
            found = self._kept.get(execution_id)
            if found is None:
                sentence = self._gone.about(execution_id)
                if sentence is None:
                    raise ExecutionNotFound(
                        f"no execution {execution_id[:120]!r} was suspended here"
                    )
                raise ExecutionGone(sentence)
        return ExecutionResult(**json.loads(found.result))

    def _forget_old(self) -> None:
        now = time.monotonic()
        while self._kept:
            execution_id, oldest = next(iter(self._kept.items()))
            if oldest.until > now and self._bytes <= MOST_BYTES:
                return
            del self._kept[execution_id]
            self._bytes -= len(oldest.result)
            self._gone.note(execution_id, "the execution's result was kept, and is forgotten now")
