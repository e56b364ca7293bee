"""From the name of a policy to the policy."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping

from nexus.errors import ConfigError
from nexus.plugin_api.scheduling import Policy, PolicyFactory, PolicyOptions

PACKAGES = {"fair": "nexus-scheduling-fair", "adaptive": "nexus-scheduling-adaptive"}
"""our own policies that are installed separately"""


def choose_policy(
    name: str, factories: Mapping[str, PolicyFactory], options: PolicyOptions
) -> Policy:
    """Make the policy called *name*.

    Raises: ConfigError where there is none of that name, and whatever its factory raises.
    """
    if wrong := unknown_policy(name, factories):
        raise ConfigError([f"scheduling_policy: found {name!r}, {wrong}"])
    return factories[name](options)


def unknown_policy(name: str, known: Collection[str]) -> str | None:
    """What is allowed, where there is no policy called *name*."""
    if name in known:
        return None
    hint = ""
    if name in PACKAGES:
        hint = f"; the package {PACKAGES[name]} has it"
    elif near := difflib.get_close_matches(name, known, n=1):
        hint = f"; did you mean {near[0]}?"
    return f"allowed: {', '.join(sorted(known))}{hint}"
