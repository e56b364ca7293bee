"""One worker's part of what happens now, and the way to the other workers'."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from nexus.live.cursor import Cursor
from nexus.live.failures import Failures
from nexus.live.records import LEVELS, Records
from nexus.logs import AccessLog
from nexus.model import PoolCounts
from nexus.suspension.peers import Peers

log = logging.getLogger("nexus.service")

FOLDER: Final = "live"
"""Name of the folder of the workers' sockets, in the run folder"""
MOST_READ: Final = 500
"""How many records one answer has at most"""


class Live:
    """What happens in the workers of one pod. Thread-safe."""

    def __init__(
        self, access_log: AccessLog | None, failures: Failures, counts: Callable[[], PoolCounts]
    ) -> None:
        self.worker = str(os.getpid())
        self._records, self._failures, self._counts = Records(access_log), failures, counts
        self._peers: Peers | None = None
        logging.getLogger().addHandler(self._records)

    def start(self, run_dir: Path | None) -> None:
        """Let other workers ask; without *run_dir* there are none."""
        if run_dir is None:
            return
        folder = run_dir / FOLDER
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
            self._peers = Peers(folder, self.worker, self._serve)
        except OSError as error:  # a full disk: this worker speaks for itself
            log.warning("the log over the API shows single workers only: %s", error)
            return
        self._peers.start()

    def close(self, grace_s: float) -> None:
        """Keep nothing more, and answer no other worker."""
        logging.getLogger().removeHandler(self._records)
        self._records.close()
        peers, self._peers = self._peers, None
        if peers is not None:
            peers.close(grace_s)

    def read(
        self, after: Cursor, *, handler: str | None = None, level: str = "debug"
    ) -> tuple[list[dict[str, Any]], Cursor]:
        """Return the records of all workers beyond *after*, in their order in time, and how far
        that is; of *handler* alone if one is given, from *level* on."""
        least = LEVELS.index(level)
        found: list[tuple[str, int, dict[str, Any]]] = []
        workers = [self.worker]
        for worker, answer in self._all({"records": dict(after.read)}):
            workers.append(worker)
            found += [(worker, number, facts) for number, facts in answer]
        found += [
            (self.worker, number, facts)
            for number, facts in self._records.read(after.of(self.worker))
        ]
        found.sort(key=lambda entry: (entry[2]["ts"], entry[0], entry[1]))
        read = {worker: after.of(worker) for worker in workers}
        for worker, number, _ in found:
            read[worker] = max(read[worker], number)
        wanted = [
            {**facts, "worker": worker}
            for worker, _, facts in found
            if (handler is None or facts.get("handler") == handler)
            and LEVELS.index(facts["level"]) >= least
        ]
        return wanted[-MOST_READ:], Cursor(read)

    def failures(self, handler: str | None = None) -> list[dict[str, Any]]:
        """Return the last failed runs of all workers, the newest first."""
        found = [*map(dict, self._failures.last(handler))]
        for _, answer in self._all({"failures": handler}):
            found += answer
        return sorted(found, key=lambda entry: str(entry["ts"]), reverse=True)

    def pools(self) -> dict[str, dict[str, int]]:
        """Return the counts of pool and queue by worker."""
        return {self.worker: asdict(self._counts()), **dict(self._all({"pool": True}))}

    def _all(self, message: dict[str, Any]) -> Iterator[tuple[str, Any]]:
        """Ask the other workers; a worker that does not answer is left out."""
        peers = self._peers
        if peers is None:
            return
        with contextlib.suppress(OSError):  # closed meanwhile
            for answer in peers.ask_all(message):
                yield answer["worker"], answer["answer"]

    def _serve(self, message: dict[str, Any]) -> dict[str, Any]:
        if "records" in message:
            answer: Any = self._records.read(Cursor(message["records"]).of(self.worker))
        elif "failures" in message:
            answer = self._failures.last(message["failures"])
        else:
            answer = asdict(self._counts())
        return {"worker": self.worker, "answer": answer}
