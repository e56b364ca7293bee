"""Makes the scheduling policy that the settings name, from those that the plugins offer."""

from __future__ import annotations

from nexus.config import Settings
from nexus.plugin_api.scheduling import Policy, PolicyOptions
from nexus.plugins import Plugins
from nexus.scheduling import choose_policy


def policy_of(settings: Settings, plugins: Plugins) -> Policy:
    """Return the policy. Raises: ConfigError if it does not exist, or its options are wrong."""
    policies = plugins.policy_factories()
    return choose_policy(settings.scheduling_policy, policies, policy_options(settings))


def policy_options(settings: Settings) -> PolicyOptions:
    """Return the options for scheduling policies in *settings*."""
    return PolicyOptions(
        places=settings.max_instances,
        key_header=settings.scheduling_key_header,
        priority_header=settings.scheduling_priority_header,
        weights=settings.scheduling_weights,
        ageing_s=settings.scheduling_ageing_ms / 1000,
        target_s=settings.scheduling_target_ms / 1000,
    )
