"""Describes the settings, and their values, for `nexus config` and the documentation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from nexus.config.settings import LIVE_NAMES, Settings
from nexus.plugin_api.option_types import Derived, allowed
from nexus.plugin_api.secrets import public


class Description(NamedTuple):
    """One setting, described."""

    name: str
    allowed: str
    default: str
    description: str
    live: bool
    """whether a change takes effect while running"""


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
    """Return every setting's value as JSON; possible secrets in options of plugins are hidden."""
    values = settings.model_dump(mode="json", exclude={"plugins"})
    values["plugins"] = public(settings.plugins)
    return {name: values[name] for name in Settings.model_fields}
