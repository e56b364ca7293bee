"""How the slice follows the speed of the guest."""

from __future__ import annotations

import pytest

from nexus.run.slices import FIRST_SLICE, TARGET_S, next_slice

LEAST, MOST = 1 << 13, 1 << 24


def test_one_that_took_as_long_as_it_should_stays() -> None:
    assert next_slice(FIRST_SLICE, TARGET_S) == FIRST_SLICE


@pytest.mark.parametrize(
    ("took", "factor"), [(0.5, 2.0), (2.0, 0.5), (0.01, 4.0), (100.0, 0.25), (0.0, 4.0)]
)
def test_the_next_is_longer_or_shorter_by_a_factor_of_four_at_most(
    took: float, factor: float
) -> None:
    assert next_slice(100_000, TARGET_S * took) == 100_000 * factor


@pytest.mark.parametrize(
    ("slice_", "took_s", "expected"),
    [(LEAST, 1.0, LEAST), (MOST, 0.0, MOST), (MOST - 1, 0.0, MOST)],
)
def test_it_stays_within_its_bounds(slice_: int, took_s: float, expected: int) -> None:
    assert next_slice(slice_, took_s) == expected


def test_a_guest_of_constant_speed_soon_gets_slices_of_the_target() -> None:
    """Ten instructions take a microsecond: the slice comes to 5,000, and is kept at the least."""
    slow, fast = 1e-7, 1e-9
    slice_ = FIRST_SLICE
    for _ in range(5):
        slice_ = next_slice(slice_, slice_ * slow)
    assert slice_ == LEAST
    for _ in range(5):
        slice_ = next_slice(slice_, slice_ * fast)
    assert slice_ == pytest.approx(TARGET_S / fast, rel=0.01)
