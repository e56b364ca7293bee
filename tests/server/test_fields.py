from __future__ import annotations

from types import SimpleNamespace

import pytest

from nexus.server.fields import join_cookies


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ([], []),
        ([("COOKIE", "a=1, 2")], [("COOKIE", "a=1, 2")]),
        (
            [("COOKIE", "a=1"), ("X", "1"), ("COOKIE", "b=2,3"), ("X", "2"), ("COOKIE", "c=4; d")],
            [("X", "1"), ("X", "2"), ("COOKIE", "a=1; b=2,3; c=4; d")],
        ),
    ],
)
def test_cookies_become_one_line(
    given: list[tuple[str, str]], wanted: list[tuple[str, str]]
) -> None:
    request = SimpleNamespace(headers=given)
    join_cookies(request)
    assert request.headers == wanted
