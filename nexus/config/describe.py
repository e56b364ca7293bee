"""The settings as a table and as values to show, for `nexus config` and the documentation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from nexus.config.settings import LIVE_NAMES, Settings
from nexus.plugin_api.option_types import Derived, allowed
from nexus.plugin_api.secrets import public


class Description(NamedTuple):
    """One setting in words."""

    name: str
    allowed: str
    default: str
    description: str
    live: bool
    """whether a change counts while running"""


def describe() -> Iterator[Description]:
    """Describe every setting, in the order of their declaration."""
    for name, field in Settings.model_fields.items():
        derived = [entry.text for entry in field.metadata if isinstance(entry, Derived)]
        default = str(field.default).lower() if field.annotation is bool else str(field.default)
        yield Description(
            name,
            allowed(field),
            derived[0] if derived else default,
            field.description or "",
            name in LIVE_NAMES,
        )


def public_values(settings: Settings) -> dict[str, Any]:
    """Every setting's value as JSON has it; options of plugins that may be secrets are hidden."""
    values = settings.model_dump(mode="json", exclude={"plugins"})
    values["plugins"] = public(settings.plugins)
    return {name: values[name] for name in Settings.model_fields}
