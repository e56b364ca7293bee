"""Layers of settings: which wins, where each value came from, and what a source may do wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from nexus.config.layers import Layer
from nexus.config.stack import NOTHING, Place, Stack, join, read_all
from nexus.errors import ConfigError
from nexus.plugin_api.config_source import Closer, PartlyWrong

PLACE = Place(Path("/base"), Path("/home/me"))
HERE = Layer({"handlers_dir": "handlers", "cache_dir": "/var/cache"}, {})


def layer(origin: str, **values: Any) -> Layer:
    return Layer(values, dict.fromkeys(values, origin))


class Source:
    """A source that says what *say* returns, or raises."""

    def __init__(self, say: Callable[[], Mapping[str, object]], name: str = "source") -> None:
        self.name, self.read = name, say

    def watch(self, changed: Callable[[], None]) -> Closer | None:
        return None


def raises(error: Exception) -> Source:
    def read() -> Mapping[str, object]:
        raise error

    return Source(read)


def test_the_first_layer_wins_and_is_named() -> None:
    layers = (layer("flag", timeout_ms=1), layer("file", timeout_ms=2, max_instances=7), HERE)
    settings, origins = join(layers, PLACE)
    assert (settings.timeout_ms, settings.max_instances) == (1, 7)
    assert (origins["timeout_ms"], origins["max_instances"]) == ("flag", "file")
    assert "min_instances" not in origins  # a default


def test_the_last_source_wins_below_the_environment_and_above_the_file() -> None:
    stack = Stack(
        above=(layer("environment", timeout_ms=1),),
        sources=(),
        said=(
            layer("first", timeout_ms=2, min_instances=1, max_instances=2),
            layer("last", max_instances=3),
        ),
        below=(layer("file", min_instances=0, max_host_calls=9), HERE),
        place=PLACE,
    )
    settings, origins = stack.join()
    assert settings.timeout_ms == 1
    assert (settings.min_instances, settings.max_instances) == (1, 3)
    assert settings.max_host_calls == 9
    assert (origins["min_instances"], origins["max_instances"]) == ("first", "last")


def test_tables_of_plugins_add_up_and_all_are_named() -> None:
    layers = (
        layer("flag", plugins={"a": {"x": 1}}),
        layer("file", plugins={"a": {"x": 2, "y": 3}, "b": {}}),
        HERE,
    )
    settings, origins = join(layers, PLACE)
    assert settings.plugins == {"a": {"x": 1, "y": 3}, "b": {}}
    assert origins["plugins"] == "file, flag"


def test_everything_wrong_is_said_at_once_and_problems_come_first() -> None:
    layers = (layer("flag", timeout_ms="soon", max_instances=0), HERE)
    with pytest.raises(ConfigError) as caught:
        join(layers, PLACE, ["the file is broken"])
    first, *others = caught.value.problems
    assert first == "the file is broken"
    assert sorted(line.split(": ")[:2] for line in others) == [
        ["flag", "max_instances"],
        ["flag", "timeout_ms"],
    ]


def test_a_check_sees_all_settings_but_none_that_is_wrong_already() -> None:
    seen: list[object] = []

    def check(values: Mapping[str, Any]) -> str | None:
        seen.append(values["engine"])
        return "allowed: something else"

    checks = {"engine": check}
    with pytest.raises(ConfigError) as caught:
        join((layer("flag", engine="odd"), HERE), PLACE, checks=checks)
    assert caught.value.problems == ["flag: engine: found 'odd', allowed: something else"]
    with pytest.raises(ConfigError) as caught:
        join((HERE,), PLACE, checks=checks)
    assert caught.value.problems == ["default: engine: found 'auto', allowed: something else"]
    with pytest.raises(ConfigError) as caught:
        join((layer("flag", engine=["x"]), HERE), PLACE, checks=checks)
    assert seen == ["odd", "auto"]


@pytest.mark.parametrize(
    ("path", "absolute"),
    [
        ("a/b", "/base/a/b"),
        ("/a", "/a"),
        ("~/a", "/home/me/a"),
        ("~", "/home/me"),
        ("~you/a", "/base/~you/a"),
    ],
)
def test_paths_are_relative_to_their_place(path: str, absolute: str) -> None:
    assert PLACE.absolute(Path(path)) == Path(absolute)


def test_without_a_home_a_tilde_is_a_name() -> None:
    assert Place(Path("/base"), None).absolute(Path("~/a")) == Path("/base/~/a")


# ---- sources ---------------------------------------------------------------------------------


def test_what_a_source_says_is_named_after_it() -> None:
    said, problems, warnings = read_all([Source(lambda: {"timeout_ms": 5})], [NOTHING])
    assert (said[0].values, said[0].origins) == ({"timeout_ms": 5}, {"timeout_ms": "source"})
    assert (problems, warnings) == ([], [])


def test_a_table_of_plugins_as_text_becomes_a_table() -> None:
    said, problems, _ = read_all([Source(lambda: {"plugins": '{"a": {"x": 1}}'})], [NOTHING])
    assert said[0].values == {"plugins": {"a": {"x": 1}}}
    said, problems, _ = read_all([Source(lambda: {"plugins": "{"})], [NOTHING])
    assert (said[0].values, problems) == ({"plugins": "{"}, [])  # the setting's check refuses it


BEFORE = layer("source", timeout_ms=1)


@pytest.mark.parametrize("error", [ValueError("one\ntwo"), OSError("gone"), KeyError("x")])
def test_a_source_that_cannot_be_read_keeps_what_it_said(error: Exception) -> None:
    said, _, _ = read_all([raises(error), Source(lambda: {"timeout_ms": 2}, "other")], [BEFORE] * 2)
    assert said[0] is BEFORE
    assert said[1].values == {"timeout_ms": 2}


def test_what_is_wrong_is_a_problem_for_each_line() -> None:
    _, problems, warnings = read_all([raises(ValueError("one\ntwo"))], [BEFORE])
    assert (problems, warnings) == (["source: one", "source: two"], [])


def test_what_is_right_of_a_source_that_is_partly_wrong_counts() -> None:
    said, problems, _ = read_all([raises(PartlyWrong(["bad"], {"timeout_ms": 3}))], [BEFORE])
    assert (said[0].values, problems) == ({"timeout_ms": 3}, ["source: bad"])


@pytest.mark.parametrize(
    ("before", "kept"), [(BEFORE, "its last values stay"), (NOTHING, "the other sources serve")]
)
def test_a_source_out_of_reach_is_only_warned_of(before: Layer, kept: str) -> None:
    _, problems, warnings = read_all([raises(OSError(2, "No such file"))], [before])
    assert problems == []
    assert warnings == [f"source cannot be read, {kept}: No such file"]


def test_a_plugins_own_error_is_a_problem_with_its_type() -> None:
    _, problems, _ = read_all([raises(KeyError("x"))], [BEFORE])
    assert problems == ["source: failed with KeyError: 'x'"]
