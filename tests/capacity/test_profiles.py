"""The numbers `nexus capacity` goes by are the ones that `deploy/` renders."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from nexus.capacity.profiles import POD_PROFILES, ScaledBy
from nexus.capacity.scaling import DEFAULT_DOWN, DEFAULT_UP, Policy, Rules, Select, Unit
from nexus.capacity.targets import Average, External, Utilization, milli
from nexus.pod.profiles import PROFILES
from tests.deploy.facts import Facts
from tests.deploy.quantity import quantity
from tests.deploy.render import build_with, render

NAMES = sorted(POD_PROFILES)


def rendered(name: str) -> Facts:
    return Facts(render(f"overlays/cpu-{name}"))


def rules(given: dict[str, Any], default: Rules) -> Rules:
    """What a rendered `scaleUp` or `scaleDown` means, with the API's defaults."""
    policies = tuple(
        Policy(Unit(each["type"]), each["value"], each["periodSeconds"])
        for each in given.get("policies", ())
    )
    return Rules(
        given.get("stabilizationWindowSeconds", default.window_s),
        policies or default.policies,
        Select(given.get("selectPolicy", "Max")),
    )


def test_every_profile_is_there() -> None:
    assert POD_PROFILES.keys() == PROFILES.keys() - {"none"}


@pytest.mark.parametrize("name", NAMES)
def test_the_pod_is_as_rendered(name: str) -> None:
    facts, profile = rendered(name), POD_PROFILES[name]
    settings = facts.settings
    assert profile.request_cores == facts.request_cores
    assert profile.limit_cores == facts.limit_cores
    assert profile.memory_mib << 20 == facts.memory_bytes
    assert profile.workers == settings.workers
    assert profile.max_instances == settings.max_instances
    assert profile.max_queue == settings.max_queue


@pytest.mark.parametrize("name", NAMES)
def test_the_scaling_is_as_rendered(name: str) -> None:
    facts, scaling = rendered(name), POD_PROFILES[name].scaling
    spec = facts.one("HorizontalPodAutoscaler")["spec"]
    assert (scaling.min_replicas, scaling.max_replicas) == (
        spec["minReplicas"],
        spec["maxReplicas"],
    )
    (metric,) = spec["metrics"]
    target = metric["resource"]["target"]
    if target["type"] == "AverageValue":
        assert scaling.target == Average(milli(quantity(target["averageValue"])))
    else:
        request_m = milli(facts.request_cores)
        assert scaling.target == Utilization(target["averageUtilization"], request_m)
    assert scaling.up == rules(spec["behavior"]["scaleUp"], DEFAULT_UP)
    assert scaling.down == rules(spec["behavior"]["scaleDown"], DEFAULT_DOWN)


@pytest.mark.parametrize("name", NAMES)
def test_keda_scales_as_rendered(name: str, tmp_path: Path) -> None:
    spec = Facts(build_with(tmp_path, f"overlays/cpu-{name}", "keda")).one("ScaledObject")["spec"]
    thresholds = tuple(int(t["metadata"]["threshold"]) * 1000 for t in spec["triggers"])
    profile = POD_PROFILES[name]
    assert profile.scaled_by(ScaledBy.KEDA).scaling.target == External(thresholds)
    in_flight = profile.scaled_by(ScaledBy.IN_FLIGHT).scaling
    assert in_flight.target == Average(thresholds[0], of_cpu=False)
    assert in_flight.up == profile.scaling.up
