"""Adds up the figures of all dead workers in one file, so that a scrape reads fewer files.

prometheus_client keeps the files of dead processes, since their counts are part of the sums. With
`--max-requests` the number of files grew from 10 to 97 in 12 s.
"""

from __future__ import annotations

import fcntl
import logging
import os
from collections.abc import Callable, Container, Iterator
from contextlib import ExitStack, contextmanager, suppress
from operator import itemgetter
from pathlib import Path
from typing import Final

from nexus.metrics.value_file import Figure, read_figures, write_figures

log = logging.getLogger("nexus.metrics")

DEAD: Final = 0
"""Replaces the process id in the names of the files with the figures of dead workers."""

_LOCK_NAME: Final = "lock"


def _sum(one: Figure, other: Figure) -> Figure:
    return one[0] + other[0], max(one[1], other[1])


_MERGED: Final[dict[str, Callable[[Figure, Figure], Figure]]] = {
    "counter": _sum,
    "histogram": _sum,
    "summary": _sum,
    "gauge_sum": _sum,
    "gauge_max": max,
    "gauge_min": min,
    "gauge_mostrecent": lambda one, other: max(one, other, key=itemgetter(1)),
}
"""Maps a kind of file to a function that joins the figures of two processes. Two kinds are missing:
`gauge_all`, whose figures stay apart, and gauges of living processes, whose files are deleted."""


class DeadWorkers:
    """Merges the files of dead workers. Only gunicorn's master uses it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._waiting: list[int] = []

    def merge(self, pid: int, alive: Container[int]) -> None:
        """Merge the files of the dead worker *pid*, and those left over from earlier calls.

        *alive* has the process ids of the living workers: one of them may have got the id of a dead
        worker, and then goes on writing its files. The call does not wait: during a scrape the
        files stay until the next worker dies.
        """
        self._waiting = [dead for dead in [*self._waiting, pid] if dead not in alive]
        try:
            with _locked(self._folder, fcntl.LOCK_EX | fcntl.LOCK_NB):
                while self._waiting:
                    self._merge_all(self._waiting[-1])
                    self._waiting.pop()
        except OSError as error:  # locked, or the disk is full: scrapes read more files meanwhile
            log.debug("the metrics of dead workers are not merged: %s", error)

    def _merge_all(self, pid: int) -> None:
        for kind, joined in _MERGED.items():
            path = self._folder / f"{kind}_{pid}.db"
            try:
                found = read_figures(path)
            except FileNotFoundError:
                continue
            whole = self._folder / f"{kind}_{DEAD}.db"
            figures = read_figures(whole) if whole.exists() else {}
            for key, figure in found.items():
                figures[key] = joined(figures[key], figure) if key in figures else figure
            write_figures(whole, figures)
            path.unlink()


@contextmanager
def all_figures(folder: Path) -> Iterator[None]:
    """Keep files from being merged during the block: no figure is missing or counts twice."""
    with ExitStack() as stack:
        with suppress(OSError):  # where locking fails, `merge` fails, too
            stack.enter_context(_locked(folder, fcntl.LOCK_SH))
        yield


@contextmanager
def _locked(folder: Path, how: int) -> Iterator[None]:
    """Hold the folder's lock, as `flock` does for *how*.

    Raises: OSError, also if another process has the lock and *how* says not to wait.
    """
    descriptor = os.open(folder / _LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, how)
        yield
    finally:
        os.close(descriptor)  # also unlocks
