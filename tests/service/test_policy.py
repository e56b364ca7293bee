"""From settings to a policy; those of packages are tested beside them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from nexus.config import Settings
from nexus.plugin_api.scheduling import PolicyOptions
from nexus.plugins import load_plugins
from nexus.scheduling import BUILT_IN
from nexus.service.policy import policy_of, policy_options


def settings(**values: Any) -> Settings:
    return Settings(cache_dir=Path("/c"), **values)


@pytest.mark.parametrize("name", BUILT_IN)
def test_every_policy_of_ours_can_be_named(name: str) -> None:
    policy = policy_of(settings(scheduling_policy=name), load_plugins({}))
    assert len(policy) == 0


def test_options_are_what_the_settings_say() -> None:
    assert policy_options(settings()) == PolicyOptions()
    changed = settings(
        max_instances=7,
        scheduling_key_header="X-Tenant",
        scheduling_priority_header="X-Priority",
        scheduling_weights={"gold": 3},
        scheduling_ageing_ms=250,
        scheduling_target_ms=40,
    )
    assert policy_options(changed) == PolicyOptions(
        places=7,
        key_header="X-Tenant",
        priority_header="X-Priority",
        weights={"gold": 3.0},
        ageing_s=0.25,
        target_s=0.04,
    )
