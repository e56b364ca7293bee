"""The setting `plugins`: a table of options for each plugin, which checks its own.

In the file it is `[plugins.NAME]`; in the environment `NEXUS_PLUGINS`, a JSON object, and single
values as `NEXUS_PLUGINS__NAME__KEY`, which win. Every layer adds to those below it, key by key.

Options may be secrets (a password in an address, an API key). So no message ever quotes one, and
`public` shows an option only if its name and form rule out a secret.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from nexus.plugin_api.problems import described

VARIABLE = "NEXUS_PLUGINS"
SEPARATOR = "__"
_NAME = re.compile(r"[a-z0-9_-]{1,80}")


def parse_tables(value: object) -> dict[str, dict[str, Any]]:
    """Check that *value* (from JSON text, or read from TOML) is a table of tables.

    Raises: PydanticCustomError, which describes the value without quoting it.
    """
    if isinstance(value, str):
        value = _parse_json(value)
    if not isinstance(value, Mapping):
        raise described(f"{_kind(value)}, not a table")
    for name, table in value.items():
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise described("a table's name that is not lower case letters, digits, - and _")
        if not isinstance(table, Mapping):
            raise described(f"{_kind(table)} as {name}, which must be a table")
    return {name: dict(table) for name, table in value.items()}


def from_variables(environ: Mapping[str, str]) -> tuple[object, str | None]:
    """Return the variables' value, and their names as text; None if none is set.

    Text that is not a JSON object is returned unchanged, for `parse_tables` to reject.
    """
    singles = sorted(name for name in environ if single(name))
    if VARIABLE not in environ and not singles:
        return {}, None
    names = [VARIABLE] if VARIABLE in environ else []
    origin = f"environment variable {' and '.join(names + singles)}"
    text = environ.get(VARIABLE, "{}")
    try:
        tables = json.loads(text)
    except (ValueError, RecursionError):
        return text, origin
    for name in singles:
        *path, key = name.removeprefix(VARIABLE + SEPARATOR).lower().split(SEPARATOR)
        table = tables
        for part in path:
            if not isinstance(table, dict):
                return tables, origin
            table = table.setdefault(part, {})
        if not isinstance(table, dict):
            return tables, origin
        table[key] = environ[name]
    return tables, origin


def single(variable: str) -> bool:
    """Return whether an environment variable sets one value of one plugin's table."""
    name, _, key = variable.removeprefix(VARIABLE + SEPARATOR).partition(SEPARATOR)
    return variable.startswith(VARIABLE + SEPARATOR) and bool(name and key)


def to_text(tables: Mapping[str, Mapping[str, Any]]) -> str:
    """Return *tables* as JSON for `parse_tables` (TOML's dates become text)."""
    return json.dumps(tables, default=str)


def _parse_json(text: str) -> object:
    try:
        return json.loads(text)
    except RecursionError:
        raise described("JSON nested too deeply") from None
    except json.JSONDecodeError as error:
        where = f"{error.msg} at character {error.pos + 1}"
        raise described(f"text that is not JSON ({where})") from None


def _kind(value: object) -> str:
    words: dict[type, str] = {str: "text", bool: "true or false", list: "a list"}
    return words.get(type(value), "nothing" if value is None else "a number")
