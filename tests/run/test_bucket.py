"""The token bucket, in virtual time."""

from __future__ import annotations

import pytest

from nexus.run.bucket import PERIOD_S, TokenBucket


@pytest.mark.parametrize("cores", [0.05, 0.2, 1.0, 3.5])
@pytest.mark.parametrize("slice_s", [0.0005, 0.01])
def test_over_ten_seconds_a_loop_gets_its_limit(cores: float, slice_s: float) -> None:
    """One that always wants more, on a core of its own per thread of demand."""
    now, used = 0.0, 0.0
    bucket = TokenBucket(cores, now)
    while now < 10:
        now += slice_s / max(cores, 1)  # several threads at once where it is over a core
        used += slice_s
        now += bucket.take(slice_s, now)
    assert used / now == pytest.approx(cores, rel=0.05)


def test_what_was_not_used_is_kept_for_one_period_only() -> None:
    bucket = TokenBucket(0.5, 0.0)
    assert bucket.take(0.5 * PERIOD_S, 100.0) == 0.0
    assert bucket.take(0.001, 100.0) > 0.0


def test_a_debt_is_waited_for_in_proportion() -> None:
    bucket = TokenBucket(0.1, 0.0)
    wait_s = bucket.take(1.0, 0.0)
    assert wait_s == pytest.approx((1.0 - 0.1 * PERIOD_S) / 0.1, rel=0.05)
    assert bucket.take(0.0, wait_s) == 0.0


def test_looking_takes_nothing() -> None:
    bucket = TokenBucket(0.2, 0.0)
    for _ in range(1000):
        assert bucket.take(0.0, 0.0) == 0.0
