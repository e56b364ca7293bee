"""The manifest's `input_schema`: a JSON Schema of the arguments that a handler takes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, TypeAlias

from pydantic import BeforeValidator

from nexus.plugin_api.option_types import Allowed

SCHEMA_BYTES = 16 << 10
"""as JSON; clients such as language models read all of it"""


def parse_schema(value: object) -> Mapping[str, Any]:
    """Check what every reader of a schema relies on: an object whose properties are schemas.
    Its keywords are left to those who validate with it. Raises: ValueError."""
    if not isinstance(value, Mapping) or value.get("type") != "object":
        raise ValueError("not the schema of an object")
    properties = value.get("properties", {})
    if not isinstance(properties, Mapping) or not all(
        isinstance(each, (Mapping, bool)) for each in properties.values()
    ):
        raise ValueError("properties are not a table of schemas")
    required = value.get("required", [])
    if not isinstance(required, list) or not all(isinstance(each, str) for each in required):
        raise ValueError("required is not a list of names")
    try:
        text = json.dumps(value, allow_nan=False)
    except TypeError:  # TOML's dates
        raise ValueError("not JSON") from None
    if len(text) > SCHEMA_BYTES:
        raise ValueError("too large")
    return value


Schema: TypeAlias = Annotated[
    Mapping[str, Any],
    BeforeValidator(parse_schema),
    Allowed(
        'a table that is a JSON Schema with type = "object", without dates, of at most '
        f"{SCHEMA_BYTES} bytes"
    ),
]
