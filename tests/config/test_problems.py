"""One line for each thing wrong: where it came from, the key, what was found, what is allowed."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError

from nexus.config.problems import BELOW_OTHER, MAX_LINES, explain
from nexus.plugin_api.problems import DESCRIBED


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid")

    size: Annotated[int, Field(ge=1, le=9)] = 4
    names: dict[Annotated[str, Field(max_length=5)], list[int]] = {}
    needed: int


def lines(values: dict[str, Any]) -> list[str]:
    with pytest.raises(ValidationError) as caught:
        Model(**values)
    return explain(caught.value, Model, lambda key: f"<{key}>")


def test_a_wrong_value_is_quoted_with_what_is_allowed() -> None:
    (line,) = lines({"needed": 1, "size": "many\n"})
    assert line.startswith("<size>: size: found 'many\\n', ")
    assert line.endswith(", allowed: a whole number from 1 to 9")


def test_what_is_not_there_says_what_is_allowed() -> None:
    (line,) = lines({})
    assert line.startswith("<needed>: needed: nothing found, allowed: ")


def test_an_unknown_key_names_the_nearest() -> None:
    assert lines({"needed": 1, "sizes": 5}) == [
        "<sizes>: sizes: found 5, but there is no such key; did you mean size?"
    ]


def test_the_place_inside_a_value_is_a_path() -> None:
    (line,) = lines({"needed": 1, "names": {"a b": [1, "x"]}})
    assert line.startswith("<names>: names.'a b'[1]: found 'x', ")


def test_a_key_that_is_wrong_itself_is_no_part_of_the_path() -> None:
    (line,) = lines({"needed": 1, "names": {"too long": []}})
    assert line.startswith("<names>: names.'too long': found 'too long', ")


def test_of_many_the_rest_is_counted() -> None:
    found = lines({"needed": 1, "names": {"a": ["x"] * (MAX_LINES + 7)}})
    assert len(found) == MAX_LINES + 1
    assert found[-1] == "and 7 more"


def explained(error: PydanticCustomError, value: object) -> list[str]:
    """What is said of a value that *error* refuses."""
    details: Any = [{"type": error, "loc": ("size",), "input": value}]
    failed = ValidationError.from_exception_data("Model", details)
    return explain(failed, Model, lambda key: f"<{key}>")


def test_a_value_that_must_not_be_quoted_is_described() -> None:
    error = PydanticCustomError(DESCRIBED, "{found}", {"found": "a list, not a table"})
    (line,) = explained(error, ["hunter2"])
    assert line == "<size>: size: found a list, not a table, allowed: a whole number from 1 to 9"


def test_a_bound_that_is_another_setting_names_it_and_where_it_came_from() -> None:
    error = PydanticCustomError(BELOW_OTHER, "too low", {"other": "needed", "value": 9})
    assert explained(error, 3) == [
        "<size>: size: found 3, allowed: at least needed, which is 9 (<needed>)"
    ]
