"""CPU in Kubernetes notation."""

from __future__ import annotations

import pytest

from nexus.pod.quantity import parse_cores


@pytest.mark.parametrize(
    ("value", "cores"),
    [
        ("200m", 0.2),
        ("1m", 0.001),
        ("1500m", 1.5),
        ("1", 1.0),
        ("0.25", 0.25),
        ("1.5", 1.5),
        ("9999", 9999.0),
        (2, 2.0),
        (0.1, 0.1),
    ],
)
def test_quantities(value: object, cores: float) -> None:
    assert parse_cores(value) == pytest.approx(cores)


@pytest.mark.parametrize(
    "value",
    [
        *("", "m", "200M", "0.5m", " 1", "1 ", "+1", "-1", "1.", ".5", "1e3", "1k", "1_0", "٣"),
        *("0.0001", "10000", "12345678m", "1\n", None, True, [1], -1, 1e-9, 1e9),
        *(float("nan"), float("inf")),
    ],
)
def test_what_is_no_quantity(value: object) -> None:
    with pytest.raises(ValueError, match="not a CPU quantity"):
        parse_cores(value)


@pytest.mark.parametrize("value", ["0", "0m", "0.000", 0, 0.0])
def test_no_cpu_at_all(value: object) -> None:
    with pytest.raises(ValueError, match="must be above 0"):
        parse_cores(value)
