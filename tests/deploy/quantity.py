"""Kubernetes quantities."""

from __future__ import annotations

import re
from fractions import Fraction

_FACTORS = {"": Fraction(1), "m": Fraction(1, 1000)}
_FACTORS |= {unit: Fraction(1000**power) for power, unit in enumerate("kMGTP", 1)}
_FACTORS |= {f"{unit}i": Fraction(1024**power) for power, unit in enumerate("KMGTP", 1)}


def quantity(text: str | int | float) -> float:
    """`100m` -> 0.1, `1Gi` -> 2**30. Raises: ValueError for what is none."""
    found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)([a-zA-Z]*)", str(text))
    if found is None or found[2] not in _FACTORS:
        raise ValueError(f"{text!r} is no quantity")
    return float(Fraction(found[1]) * _FACTORS[found[2]])
