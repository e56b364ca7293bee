"""The settings as a table, for `nexus config` and the documentation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from nexus.config.settings import Settings
from nexus.config.values import Derived, allowed


class Description(NamedTuple):
    """One setting in words."""

    name: str
    allowed: str
    default: str
    description: str


def describe() -> Iterator[Description]:
    """Describe every setting, in the order of their declaration."""
    for name, field in Settings.model_fields.items():
        derived = [entry.text for entry in field.metadata if isinstance(entry, Derived)]
        default = str(field.default).lower() if field.annotation is bool else str(field.default)
        yield Description(
            name, allowed(field), derived[0] if derived else default, field.description or ""
        )
