"""A plugin's own table, checked by its own model."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field

from nexus.config import Settings
from nexus.errors import ConfigError
from nexus.plugin_api.option_types import Allowed, Whole
from nexus.plugin_api.options import plugin_options

FORBID = ConfigDict(frozen=True, extra="forbid")


class Key(BaseModel):
    model_config = FORBID
    size: Annotated[Whole, Field(ge=1), Allowed("a whole number from 1")] = 1
    secret: Annotated[str, Allowed("a text")] = ""


class Options(BaseModel):
    model_config = FORBID
    port: Annotated[Whole, Field(ge=1), Allowed("a whole number from 1")] = 7
    name: str = "x"
    mode: Annotated[Literal["a", "b"], Allowed("a, b")] | None = None
    issuer: Annotated[str, Allowed("a text")]
    keys: Annotated[Mapping[str, Key], Allowed("a table of keys")] = Field(default_factory=dict)


def read(table: dict[str, Any]) -> Options:
    settings = Settings(cache_dir=Path("/nowhere"), plugins={"mine": {"issuer": "me", **table}})
    return plugin_options(settings, "mine", Options)


def problems(table: dict[str, Any]) -> list[str]:
    with pytest.raises(ConfigError) as raised:
        read(table)
    return raised.value.problems


def test_text_of_the_environment_is_read_too() -> None:
    assert read({"port": "8", "keys": {"a": {"size": "2"}}}).port == 8


def test_a_table_that_is_not_there_has_defaults_or_a_line() -> None:
    with pytest.raises(ConfigError, match=r"^plugins.mine.issuer: nothing found, allowed: a text$"):
        plugin_options(Settings(cache_dir=Path("/nowhere")), "mine", Options)


def test_each_wrong_option_has_a_line() -> None:
    assert problems({"port": 0, "prot": 1, "keys": 3}) == [
        "plugins.mine.port: found 0, allowed: a whole number from 1",
        "plugins.mine.keys: found (hidden), allowed: a table of keys",
        "plugins.mine.prot: there is no such key; did you mean port?",
    ]


def test_a_field_without_words_has_those_of_pydantic() -> None:
    assert problems({"name": 3}) == [
        "plugins.mine.name: found 3, allowed: Input should be a valid string"
    ]


def test_a_field_that_may_be_left_out_has_its_words() -> None:
    assert problems({"mode": "c"}) == ["plugins.mine.mode: found 'c', allowed: a, b"]


def test_deep_inside_the_innermost_field_is_named() -> None:
    assert problems({"keys": {"port": {"size": 0}, "b": {"sise": 1}}}) == [
        "plugins.mine.keys.port.size: found 0, allowed: a whole number from 1",
        "plugins.mine.keys.b.sise: there is no such key; did you mean size?",
    ]


@pytest.mark.parametrize(
    "table",
    [
        {"keys": {"a": {"secret": ["hunter2"]}}},
        {"keys": {"a": {"secert": "hunter2"}}},
        {"passwd": "hunter2"},
        {"port": "redis://me:hunter2@host"},
    ],
)
def test_secrets_are_not_shown(table: dict[str, Any]) -> None:
    assert "hunter2" not in "\n".join(problems(table))
