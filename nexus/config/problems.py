"""Messages for wrong values: the origin, the key, the value found, and the allowed values."""

from __future__ import annotations

import re
from collections.abc import Callable

from pydantic import BaseModel, ValidationError

from nexus.plugin_api.option_types import allowed
from nexus.plugin_api.problems import DESCRIBED, shown, suggestion

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]{1,80}")

MAX_LINES = 50
BELOW_OTHER = "below_other"
"""Error type of a value that must not be less than another; its context: `other`, `value`"""


def explain(
    error: ValidationError, model: type[BaseModel], where: Callable[[str], str]
) -> list[str]:
    """Turn pydantic's findings about *model* into messages of one line each.

    *where* returns the origin of a top-level key's value. Findings beyond `MAX_LINES` are only
    counted.
    """
    lines = []
    findings = error.errors(include_url=False)
    for finding in findings[:MAX_LINES]:
        if finding["type"] == "default_factory_not_called":
            continue  # pydantic could not make a default because of another finding
        name = str(finding["loc"][0])
        context = finding.get("ctx", {})
        what = context["found"] if finding["type"] == DESCRIBED else shown(finding["input"])
        found = f"{where(name)}: {_key(finding['loc'])}: found {what}"
        field = model.model_fields.get(name)
        if field is None:
            near = suggestion(name, model.model_fields)
            lines.append(f"{found}, but there is no such key; {near}")
        elif finding["type"] == "missing":
            lines.append(f"{where(name)}: {name}: nothing found, allowed: {allowed(field)}")
        elif finding["type"] == BELOW_OTHER:
            other, least = context["other"], context["value"]
            lines.append(f"{found}, allowed: at least {other}, which is {least} ({where(other)})")
        else:
            lines.append(f"{found}, allowed: {allowed(field)}")
    if len(findings) > MAX_LINES:
        lines.append(f"and {len(findings) - MAX_LINES} more")
    return lines


def _key(location: tuple[int | str, ...]) -> str:
    """Write a location as a path: `env.HOME`, `methods[0]`."""
    text = ""
    for part in location:
        if isinstance(part, int):
            text += f"[{part}]"
        elif part != "[key]":  # pydantic's mark for "the key itself is wrong"
            text += ("." if text else "") + (part if _BARE_KEY.fullmatch(part) else shown(part))
    return text
