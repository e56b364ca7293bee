"""Words for wrong values: short, and safe to show."""

from __future__ import annotations

import pytest

from nexus.plugin_api.problems import shown, suggestion


@pytest.mark.parametrize(
    ("value", "text"), [("a", "'a'"), ("a\nb\x1b", "'a\\nb\\x1b'"), (None, "None"), (True, "True")]
)
def test_values_are_shown_escaped(value: object, text: str) -> None:
    assert shown(value) == text


def nested(depth: int) -> list[object]:
    made: list[object] = []
    for _ in range(depth):
        made = [made]
    return made


@pytest.mark.parametrize("value", ["x" * 10_000, 10**1000, [1] * 1000, nested(20_000), object()])
def test_whatever_it_is_it_is_short(value: object) -> None:
    assert len(shown(value)) <= 100


def test_the_nearest_name_is_suggested_or_all_are_listed() -> None:
    known = ["timeout_ms", "route"]
    assert suggestion("timeout_mss", known) == "did you mean timeout_ms?"
    assert suggestion("zzz", iter(known)) == "allowed: timeout_ms, route"
    assert suggestion("timeout_ms" + "x" * 10_000_000, known).startswith("allowed: ")
