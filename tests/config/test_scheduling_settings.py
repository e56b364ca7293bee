"""The settings of scheduling policies: what is read, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from nexus.config import Settings, load, to_environ
from nexus.errors import ConfigError


def read(directory: Path, toml: str = "", **environ: str) -> Settings:
    (directory / "nexus.toml").write_text(toml)
    return load({}, {"HOME": "/home/nexus", **environ}, directory).settings


def problem(directory: Path, toml: str = "", **environ: str) -> str:
    with pytest.raises(ConfigError) as caught:
        read(directory, toml, **environ)
    (found,) = caught.value.problems
    return found


def test_everything_can_be_said_in_the_file(tmp_path: Path) -> None:
    settings = read(
        tmp_path,
        """
        scheduling_policy = "fair"
        scheduling_key_header = "X-Tenant-Id"
        scheduling_priority_header = "X-Priority"
        scheduling_ageing_ms = 250
        scheduling_target_ms = 40
        [scheduling_weights]
        gold = 3
        "" = 0.5
        """,
    )
    assert settings.scheduling_policy == "fair"
    assert settings.scheduling_key_header == "X-Tenant-Id"
    assert settings.scheduling_priority_header == "X-Priority"
    assert settings.scheduling_weights == {"gold": 3.0, "": 0.5}
    assert (settings.scheduling_ageing_ms, settings.scheduling_target_ms) == (250, 40)
    again = load({}, to_environ(settings), tmp_path).settings
    assert again == settings


def test_weights_in_the_environment_are_json(tmp_path: Path) -> None:
    settings = read(tmp_path, NEXUS_SCHEDULING_WEIGHTS='{"gold": 3}')
    assert settings.scheduling_weights == {"gold": 3.0}


WEIGHTS = "a table of numbers from 0.01 to 100, in text as JSON"


@pytest.mark.parametrize(
    "bad",
    [
        "gold=3",
        "[]",
        "3",
        "",
        '{"gold": 0}',
        '{"gold": 101}',
        '{"gold": "3"}',
        '{"gold": true}',
        '{"gold": NaN}',
        '{"gold": {}}',
        "[" * 100_000,
    ],
)
def test_weights_that_are_none_are_refused(tmp_path: Path, bad: str) -> None:
    found = problem(tmp_path, NEXUS_SCHEDULING_WEIGHTS=bad)
    assert found.startswith("environment variable NEXUS_SCHEDULING_WEIGHTS: scheduling_weights: ")
    assert found.endswith(f", allowed: {WEIGHTS}")


@pytest.mark.parametrize("name", ["scheduling_key_header", "scheduling_priority_header"])
@pytest.mark.parametrize("bad", ["X Tenant", "X_Tenant", "X-Tenant:", "é", "x" * 81, 5])
def test_headers_that_are_none_are_refused(tmp_path: Path, name: str, bad: Any) -> None:
    found = problem(tmp_path, f"{name} = {bad!r}")
    assert found.startswith(f"nexus.toml: {name}: found ")
    assert found.endswith(", allowed: the name of a header (letters, digits and -), or nothing")


@pytest.mark.parametrize("bad", ["", "Fair", "a b", "fair\n", 5])
def test_names_that_are_none_are_refused(tmp_path: Path, bad: Any) -> None:
    value = f'"{bad}"'.replace("\n", "\\n") if isinstance(bad, str) else bad
    found = problem(tmp_path, f"scheduling_policy = {value}")
    assert found.endswith(", allowed: a name of lower case letters, digits, - and _")
