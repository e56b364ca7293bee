"""Versions of one handler that share its requests: which of them gets a request."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from nexus.model import Handler

WHOLE: Final = 100
"""The sum of the weights of versions that share requests"""
COOKIE: Final = "cookie"
HEADER: Final = "header"


@dataclass(frozen=True)
class Sharing:
    """How the versions of one handler share its requests; versions are told by their files."""

    main: str
    """the version that gets most requests: what it has in the catalogue, the handler has"""
    weights: Mapping[str, int]
    sticky: str = ""
    """`header:NAME` or `cookie:NAME`, whose value decides; empty: chance does"""


class Weighted:
    """Chooses by weight, and for one value of the sticky header or cookie always the same."""

    def __init__(
        self,
        versions: Sequence[Handler],
        sticky: str = "",
        draw: Callable[[], float] = random.random,
    ) -> None:
        """*versions*: the one that gets most requests first; their weights add up to `WHOLE`.
        *draw* returns a number from 0 to below 1."""
        self.versions = tuple(versions)
        self._draw = draw
        kind, _, name = sticky.partition(":")
        self._cookie = name if kind == COOKIE else ""
        self._header = f"HTTP_{name.upper().replace('-', '_')}" if kind == HEADER else ""
        # The newest first: while its weight grows, the clients that it has stay with it.
        self._bounds: list[tuple[float, Handler]] = []
        bound = 0
        for version in sorted(self.versions, key=_number, reverse=True):
            bound += version.weight
            self._bounds.append((bound / WHOLE, version))

    def choose(self, environ: Mapping[str, Any]) -> Handler:
        """Return the version that runs a request; an empty *environ*: a run without a request."""
        value = self._sticky_value(environ)
        point = self._draw() if value is None else self._point_of(value)
        for bound, version in self._bounds:
            if point < bound:
                return version
        return self.versions[0]  # rounding: the last bound may lie a little below 1

    def _sticky_value(self, environ: Mapping[str, Any]) -> str | None:
        if self._header:
            return environ.get(self._header)
        if not self._cookie:
            return None
        from werkzeug.sansio.http import parse_cookie  # late: not for `nexus run`

        return parse_cookie(environ.get("HTTP_COOKIE")).get(self._cookie)

    def _point_of(self, value: str) -> float:
        """Return where *value* lies from 0 to below 1: the same in all workers and pods, and
        another for another handler, lest the same clients try all that is new."""
        text = f"{self.versions[0].name}\0{value}".encode("utf-8", "surrogateescape")
        return int.from_bytes(hashlib.blake2b(text, digest_size=6).digest(), "big") / (1 << 48)


def with_splits(
    serving: Mapping[str, Handler], loaded: Mapping[str, Handler], shares: Iterable[Sharing]
) -> dict[str, Handler]:
    """Return *serving*, where the handlers of *shares* choose among the versions in *loaded*. All
    are by file. What a version that did not load would get goes to the main one."""
    made = {
        file: handler if handler.split is None else replace(handler, split=None, weight=WHOLE)
        for file, handler in serving.items()
    }
    for entry in shares:
        main = made.get(entry.main)
        if main is None:
            continue
        others = [
            replace(loaded[file], weight=weight, cpu=main.cpu)  # they share one bucket, too
            for file, weight in entry.weights.items()
            if file != entry.main and file in loaded and loaded[file].route == main.route
        ]
        if others:
            left = WHOLE - sum(other.weight for other in others)
            first = replace(main, weight=left)
            split = Weighted((first, *others), entry.sticky)
            made[entry.main] = replace(first, split=split)
    return made


def versions_of(handler: Handler) -> Sequence[Handler]:
    """Return the versions that share the requests of *handler*: itself, if none does."""
    return (handler,) if handler.split is None else handler.split.versions


def _number(handler: Handler) -> int:
    digits = handler.version.removeprefix("v")
    return int(digits) if digits.isdigit() else 0
