"""A rate of requests over time."""

from __future__ import annotations

import csv
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

MAX_DURATION_S = 8 * 86_400.0
"""The longest trace, a week and a day: some 140,000 steps of a simulation"""


@dataclass(frozen=True)
class Trace:
    """Steps: from each *start* (seconds) on a rate holds, until the last step's start."""

    steps: tuple[tuple[float, float], ...]

    def __post_init__(self) -> None:
        if len(self.steps) < 2:
            raise ValueError(f"found {len(self.steps)} lines of numbers, allowed: at least two")
        if self.steps[0][0] != 0:
            raise ValueError(f"found {self.steps[0][0]:g} s in the first line, allowed: 0 s")
        for (before, _), (start, _) in zip(self.steps, self.steps[1:], strict=False):
            if not before < start <= MAX_DURATION_S:
                raise ValueError(
                    f"times must rise, to {MAX_DURATION_S:.0f} s at most: {before:g} s, then "
                    f"{start:g} s"
                )
        for start, rate in self.steps:
            if not 0 <= rate < 1e9:
                raise ValueError(f"the rate must be 0 to 1e9, got {rate:g} at {start:g} s")

    @cached_property
    def _starts(self) -> list[float]:
        return [start for start, _ in self.steps]

    @property
    def duration_s(self) -> float:
        return self.steps[-1][0]

    @property
    def peak(self) -> float:
        """The highest rate."""
        return max(rate for _, rate in self.steps[:-1])

    def rate(self, moment: float) -> float:
        """Return the requests/s at *moment*, in seconds from the start."""
        return self.steps[max(0, bisect_right(self._starts, moment) - 1)][1]


def with_a_spike(rate: float) -> Trace:
    """Return a trace of two hours: a quarter of *rate*, then *rate* for 35 minutes with twice as
    much for five of them, then an hour of quiet for scaling down."""
    quiet = rate / 4
    minutes = ((0, quiet), (15, rate), (35, 2 * rate), (40, rate), (55, quiet), (120, quiet))
    return Trace(tuple((60.0 * minute, each) for minute, each in minutes))


def parse(lines: Iterable[str]) -> Trace:
    """Read a CSV of `seconds,requests per second`; its first line may hold names.

    Raises: ValueError.
    """
    steps: list[tuple[float, float]] = []
    for number, row in enumerate(csv.reader(lines), 1):
        if not row:
            continue
        try:
            start, rate = (float(cell) for cell in row)
        except ValueError:
            if number == 1 and row[0][:1].isalpha():
                continue  # names of columns
            raise ValueError(
                f"line {number}: found {','.join(row)!r}, expected two numbers, "
                "`seconds,requests per second`"
            ) from None
        steps.append((start, rate))
    return Trace(tuple(steps))
