"""Lists candidates for plugins: entry points of group `nexus`, and the built-in ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import metadata

from nexus.plugin_api.hooks import PROJECT

DISABLED_VARIABLE = "NEXUS_DISABLED_PLUGINS"
OURS = "nexus-runtime"


@dataclass(frozen=True)
class Candidate:
    """A plugin that is not loaded yet."""

    name: str
    distribution: str
    version: str
    load: Callable[[], object]
    """imports the plugin; may raise anything"""
    enabled: bool = True

    def __str__(self) -> str:
        return f"plugin {self.name} ({self.distribution} {self.version})"


def built_in(name: str, load: Callable[[], object]) -> Candidate:
    """Return the candidate for a built-in plugin, as if it were installed."""
    return Candidate(name, OURS, _our_version(), load)


def installed() -> list[Candidate]:
    """Return the plugins of other distributions, by name."""
    found = []
    for entry in metadata.entry_points(group=PROJECT):
        about = entry.dist.metadata if entry.dist is not None else None
        found.append(
            Candidate(
                entry.name,
                about["Name"] if about else "unknown",
                about["Version"] if about else "unknown",
                entry.load,
            )
        )
    return sorted(found, key=lambda candidate: (candidate.name, candidate.distribution))


def disabled(environ: Mapping[str, str]) -> frozenset[str]:
    """Return the names in NEXUS_DISABLED_PLUGINS, separated by commas or blanks."""
    return frozenset(environ.get(DISABLED_VARIABLE, "").replace(",", " ").split())


@cache
def _our_version() -> str:
    try:
        return metadata.version(OURS)
    except metadata.PackageNotFoundError:  # run from its source, not installed
        return "unknown"
