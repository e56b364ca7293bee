"""Makes the policy with a given name."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping

from nexus.errors import ConfigError
from nexus.plugin_api.scheduling import Policy, PolicyFactory, PolicyOptions

PACKAGES = {"fair": "nexus-scheduling-fair", "adaptive": "nexus-scheduling-adaptive"}
"""Our policies that are packages of their own: policy name to package name"""


def choose_policy(
    name: str, factories: Mapping[str, PolicyFactory], options: PolicyOptions
) -> Policy:
    """Make the policy called *name*.

    Raises: ConfigError for an unknown name, and any error of the factory.
    """
    if wrong := unknown_policy(name, factories):
        raise ConfigError([f"scheduling_policy: found {name!r}, {wrong}"])
    return factories[name](options)


def unknown_policy(name: str, known: Collection[str]) -> str | None:
    """Return the allowed names if no policy has this *name*, else None."""
    if name in known:
        return None
    hint = ""
    if name in PACKAGES:
        hint = f"; the package {PACKAGES[name]} has it"
    elif near := difflib.get_close_matches(name, [*known, *PACKAGES], n=1):
        package = PACKAGES.get(near[0]) if near[0] not in known else None
        hint = f"; did you mean {near[0]}?" + (f" The package {package} has it" if package else "")
    return f"allowed: {', '.join(sorted(known))}{hint}"
