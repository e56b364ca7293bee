"""Finds all plugins, loads them, and marks those that cannot be used."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from nexus.plugin_api.problems import suggestion
from nexus.plugins.builtin import (
    GUESTS,
    PROMETHEUS,
    Guests,
    Prometheus,
    Scheduling,
    Stores,
    Wasmer,
    Wasmtime,
)
from nexus.plugins.candidates import DISABLED_VARIABLE, Candidate, built_in, disabled, installed
from nexus.plugins.check import Found, find

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

log = logging.getLogger("nexus.plugins")


def survey(
    environ: Mapping[str, str],
    registry: CollectorRegistry | None = None,
    *,
    outside: Sequence[Candidate] | None = None,
) -> list[Found]:
    """Return every plugin, loaded and checked, the built-in ones first.

    *outside*: the plugins that do not come with Nexus; None: the installed ones.
    """
    off = disabled(environ)
    known = [
        built_in(PROMETHEUS, lambda: Prometheus(registry)),
        built_in("wasmer", Wasmer),
        built_in("wasmtime", Wasmtime),
        built_in("scheduling", Scheduling),
        built_in("stores", Stores),
        built_in(GUESTS, Guests),
        *(installed() if outside is None else outside),
    ]
    candidates = [replace(entry, enabled=entry.name not in off) for entry in known]
    for name in sorted(off - {candidate.name for candidate in candidates}):
        _warn_of_unknown(name, tuple(candidate.name for candidate in candidates))
    return _without_twins([find(candidate) for candidate in candidates])


@cache
def _warn_of_unknown(name: str, known: tuple[str, ...]) -> None:
    """Warn once in a process, so that forked workers do not repeat the warning."""
    near = suggestion(name, known)
    log.warning("%s names %s, but there is no such plugin; %s", DISABLED_VARIABLE, name, near)


def _without_twins(found: Sequence[Found]) -> list[Found]:
    """Mark later plugins with a name or an object that an earlier one has as unusable."""
    kept: list[Found] = []
    for entry in found:
        problem = entry.problem
        for first in kept:
            if entry.candidate.name == first.candidate.name:
                problem = f"{first.candidate} has the same name"
            elif entry.plugin is not None and entry.plugin is first.plugin:
                problem = f"it is plugin {first.candidate.name} again"
        kept.append(replace(entry, problem=problem))
    return kept
