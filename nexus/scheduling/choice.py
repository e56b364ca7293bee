"""Makes the policy with a given name."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from nexus.errors import ConfigError
from nexus.plugin_api.problems import unknown_name
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
    return unknown_name(name, known, PACKAGES)
