"""Decides how much fuel a guest gets until its next checkpoint."""

from __future__ import annotations

FIRST_SLICE = 1 << 18
"""Fuel of the first slice, before any measurement: 0.1 to 0.5 ms of a tight loop (facts 4 and 5)"""
LAST_SLICES = 32
"""Slices in which a stopped guest may report where it was: 16 ms in all"""
TARGET_S = 0.0005
"""CPU time between two checkpoints: the longest that others wait for the GIL"""
_LEAST, _MOST = 1 << 13, 1 << 24
_STEP = 4.0


def next_slice(slice_: int, took_s: float) -> int:
    """Return the slice that should take `TARGET_S`, after *slice_* fuel took *took_s* of CPU time.

    An outlier (a page fault, a clock tick) changes it by no more than a factor of four.
    """
    factor = min(max(TARGET_S / max(took_s, 1e-6), 1 / _STEP), _STEP)
    return min(max(int(slice_ * factor), _LEAST), _MOST)
