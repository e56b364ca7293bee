"""The part of a handler's requests that a deployed version takes over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from nexus.errors import InvalidArgument
from nexus.versions.record import Record, ranked


@dataclass(frozen=True)
class Share:
    """How many of a hundred requests a version takes, and how clients stay with it."""

    weight: int = 100
    sticky: str | None = None
    """see `Record.sticky`; None keeps the record's"""

    @property
    def detail(self) -> str:
        """The text for the history; empty for all requests."""
        return "" if self.weight == 100 else f"{self.weight} %"

    def taken(self, record: Record, id: str) -> tuple[dict[str, int], str]:
        """Return the weights and the stickiness of *record* once the version *id* has this share:
        the version that gets most requests gives it.

        Raises: InvalidArgument if no version can.
        """
        if self.weight == 100:
            return {id: 100}, ""
        weights = dict(record.weights)
        spare = weights.pop(id, 0)
        if not weights:
            raise InvalidArgument(
                f"weight: found {self.weight}, allowed: 100, since no other version serves"
            )
        giver = ranked(weights)[0]
        spare += weights[giver]
        if spare <= self.weight:
            raise InvalidArgument(
                f"weight: found {self.weight}, allowed: up to {spare - 1}, or 100: {giver}, which "
                f"gives it, has {spare}"
            )
        weights[giver] = spare - self.weight
        weights[id] = self.weight
        return weights, record.sticky if self.sticky is None else self.sticky


WHOLE: Final = Share()
