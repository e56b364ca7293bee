"""What a field takes is said in words, whatever its type."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field, JsonValue

from nexus.config import Settings
from nexus.handlers.manifest import CpuTable, Manifest
from nexus.http.api import models
from nexus.plugin_api.option_types import Allowed, Whole, allowed


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Table(BaseModel):
    flag: bool
    maybe: bool | None = None
    text: str
    count: int
    bounded: Whole = Field(1, ge=1, le=5)
    inner: Annotated[int, Field(ge=1, le=5)] | None = None
    outer: Whole | None = Field(None, ge=1, le=5)
    least: Annotated[int, Field(ge=1)]
    most: Annotated[int, Field(le=9)]
    share: float
    file: Path
    names: list[str]
    some: Sequence[int] | None = None
    table: Mapping[str, str]
    model: CpuTable
    choice: Literal["a", 1]
    either: int | str
    colour: Colour
    words: Annotated[str, Allowed("a word")] | None = None
    anything: Any = None
    json_value: JsonValue = None


WORDS = {
    "flag": "true or false",
    "maybe": "true or false",
    "text": "a string",
    "count": "a whole number",
    "bounded": "a whole number from 1 to 5",
    "inner": "a whole number from 1 to 5",
    "outer": "a whole number from 1 to 5",
    "least": "a whole number of at least 1",
    "most": "a whole number of at most 9",
    "share": "a number",
    "file": "a path",
    "names": "a list",
    "some": "a list",
    "table": "a table",
    "model": "a table",
    "choice": "a, 1",
    "either": "a whole number or a string",
    "colour": "red, blue",
    "words": "a word",
    "anything": "any value",
    "json_value": "any value",
}


@pytest.mark.parametrize("name", Table.model_fields)
def test_words(name: str) -> None:
    assert allowed(Table.model_fields[name]) == WORDS[name]


REQUESTS = (models.ExecutionRequest, models.ResumeRequest)


@pytest.mark.parametrize("model", [Settings, Manifest, CpuTable, *REQUESTS])
def test_no_field_of_ours_is_without_words(model: type[BaseModel]) -> None:
    for name, field in model.model_fields.items():
        words = allowed(field)
        assert words, name
        for python in ("class", "int", "str", "NoneType", "typing", "[", "Annotated"):
            assert python not in words.split(), f"{name}: {words}"
            assert "<class" not in words
