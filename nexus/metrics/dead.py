"""Adds the figures of dead workers up in one file, so that scrapes do not read a file of each.

prometheus_client leaves every process's files in place, since its counters go on counting. With
`--max-requests` they grew from 10 to 97 in 12 s.
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
"""stands for a process in the names of files that have dead ones' figures"""

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
"""Maps a kind of file to what two processes' figures come to. Not here: `gauge_all`, whose figures
stay apart, and the gauges of living processes, whose files are deleted."""


class DeadWorkers:
    """Merges workers' files once they have died; used by gunicorn's master alone."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._waiting: list[int] = []

    def merge(self, pid: int, alive: Container[int]) -> None:
        """Merge the files of the dead worker *pid*, and of those that could not be before.

        *alive* has the processes of workers that live, one of which may have got the number, and
        goes on with the files, of one that died. Does not wait: during a scrape the files stay,
        until the next worker dies.
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
    """Within the block no figure is missing or counted twice because files are being merged."""
    with ExitStack() as stack:
        with suppress(OSError):  # who cannot lock cannot merge either
            stack.enter_context(_locked(folder, fcntl.LOCK_SH))
        yield


@contextmanager
def _locked(folder: Path, how: int) -> Iterator[None]:
    """Raises: OSError, also if it is locked and *how* does not wait."""
    descriptor = os.open(folder / _LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, how)
        yield
    finally:
        os.close(descriptor)  # which unlocks
