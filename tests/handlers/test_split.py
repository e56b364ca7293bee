"""Which version of a handler gets a request, if several share them."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from nexus.handlers.split import Sharing, Weighted, versions_of, with_splits
from nexus.model import Compiled, CpuAllocation, Handler, ModuleInfo

INFO = ModuleInfo((), (), 1, 1, True, (), None, False, 1, 100, 8)
MAIN = Handler("h", "/h", Compiled("k", b"", INFO, "wasi"), version="v7")
CANARY = replace(MAIN, version="v8", cpu=CpuAllocation(2.0))
SHARING = Sharing("h", {"h": 95, "h/v8": 5}, "header:X-User")


def weighted(sticky: str = "", name: str = "h", canary: int = 5, draw: float = 0.0) -> Weighted:
    main, other = replace(MAIN, name=name), replace(CANARY, name=name)
    versions = (replace(main, weight=100 - canary), replace(other, weight=canary))
    return Weighted(versions, sticky, lambda: draw)


@pytest.mark.parametrize(
    ("draw", "version"), [(0.0, "v8"), (0.049, "v8"), (0.05, "v7"), (0.999, "v7")]
)
def test_chance_decides_by_weight(draw: float, version: str) -> None:
    assert weighted(draw=draw).choose({}).version == version
    assert weighted("header:X-User", draw=draw).choose({}).version == version
    assert weighted("cookie:user", draw=draw).choose({"HTTP_COOKIE": "a=b"}).version == version


def test_a_value_decides_if_there_is_one() -> None:
    users = [f"user{number}" for number in range(4000)]
    by_header, by_cookie = weighted("header:X-User"), weighted("cookie:user")
    chosen = {user: by_header.choose({"HTTP_X_USER": user}).version for user in users}
    assert 120 < Counter(chosen.values())["v8"] < 280  # 200 expected, 5.8 deviations to each side
    for user in users[:200]:
        found = by_cookie.choose({"HTTP_COOKIE": f"a=b; user={user}; {{"}).version
        assert found == chosen[user]
    larger = weighted("header:X-User", canary=30)
    moved = {user: larger.choose({"HTTP_X_USER": user}).version for user in users}
    assert all(moved[user] == "v8" for user in users if chosen[user] == "v8")
    other = weighted("header:X-User", name="other", canary=30)
    elsewhere = {user: other.choose({"HTTP_X_USER": user}).version for user in users}
    assert elsewhere != moved


def test_a_handler_of_one_version_is_counted_by_its_name_alone() -> None:
    assert (MAIN.counted_as, replace(MAIN, weight=95).counted_as) == ("h", "h\0v7")
    assert replace(replace(MAIN, weight=95), weight=100).counted_as == "h"


def test_the_versions_that_loaded_share() -> None:
    made = with_splits({"h": MAIN}, {"h": MAIN, "h/v8": CANARY}, [SHARING])["h"]
    assert [(each.version, each.weight) for each in versions_of(made)] == [("v7", 95), ("v8", 5)]
    assert {each.cpu for each in versions_of(made)} == {MAIN.cpu}  # or they reset one bucket
    alone = {"h": replace(MAIN, weight=100)}
    moved = {"h": MAIN, "h/v8": replace(CANARY, route="/elsewhere")}
    for loaded in ({"h": MAIN}, moved):
        made_alone = with_splits({"h": made}, loaded, [SHARING])["h"]
        assert (made_alone.split, made_alone.weight) == (None, alone["h"].weight)
    assert with_splits({}, {"h/v8": CANARY}, [SHARING]) == {}
