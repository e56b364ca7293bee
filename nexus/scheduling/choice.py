"""From the name of a policy to the policy."""

from __future__ import annotations

import difflib
from collections.abc import Mapping

from nexus.errors import ConfigError
from nexus.scheduling.policy import Policy, PolicyFactory, PolicyOptions

PACKAGES = {"fair": "nexus-scheduling-fair", "adaptive": "nexus-scheduling-adaptive"}
"""our own policies that are installed separately"""


def choose_policy(
    name: str, factories: Mapping[str, PolicyFactory], options: PolicyOptions
) -> Policy:
    """Make the policy called *name*.

    Raises: ConfigError where there is none of that name, and whatever its factory raises.
    """
    if name in factories:
        return factories[name](options)
    hint = ""
    if name in PACKAGES:
        hint = f"; the package {PACKAGES[name]} has it"
    elif near := difflib.get_close_matches(name, factories, n=1):
        hint = f"; did you mean {near[0]}?"
    allowed = ", ".join(sorted(factories))
    raise ConfigError([f"scheduling_policy: found {name!r}, allowed: {allowed}{hint}"])
