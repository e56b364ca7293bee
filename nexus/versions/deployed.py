"""What a handler's deployed versions are for the worker that serves them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from nexus.handlers.sources import Source
from nexus.handlers.split import WHOLE, Sharing


@dataclass(frozen=True)
class Deployed:
    """The versions of one handler that serve."""

    name: str
    main: Source
    """the version that gets most requests"""
    others: tuple[tuple[Source, int], ...] = ()
    """versions that get some of a hundred requests, and how many"""
    sticky: str = ""
    """see `nexus.versions.record.Record`"""

    @property
    def shares(self) -> Sharing:
        """How the versions share the requests."""
        others = {source.file: weight for source, weight in self.others}
        weights = {self.main.file: WHOLE - sum(others.values()), **others}
        return Sharing(self.main.file, weights, self.sticky)


def label_of(name: str) -> str:
    """Return what a deployed handler has in the place of a file's name in the handlers folder."""
    return f"versions/{name}"


def merged(folder: Iterable[Source], deployed: Iterable[Deployed]) -> Sequence[Source]:
    """Return the sources to load: deployed versions serve in the place of files of their name."""
    sources = [
        source
        for entry in deployed
        for source in (entry.main, *(source for source, _ in entry.others))
    ]
    names = {source.name for source in sources}
    return [*sources, *(source for source in folder if source.name not in names)]
